//! How requests reach an object store: the HTTP client of this crate under those of `object_store`, so that there is one of them,
//! and one pause for all where a store says `Retry-After` (RFC 9110, section 10.2.3), which `object_store` does not heed.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use http_body_util::BodyExt;
use object_store::ClientConfigKey;
use object_store::client::{
    ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use tokio::sync::oneshot;
use ureq::http::{HeaderMap, StatusCode, header};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Error};

/// How long a store may take to accept a connection, and then to take or give anything.
const CONNECT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(30);
/// The longest pause that is made because a store asks for it; one that asks for more is asked again after this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The longest answer that is taken: a manifest of 100,000 files has some 30 MiB.
const LONGEST_ANSWER: u64 = 256 << 20;
/// Where instances are told who they are (link-local, RFC 3927): everywhere else nobody answers, and asking again is no use.
pub(super) const METADATA: [&str; 3] = ["169.254.169.254", "169.254.170.2", "metadata.google.internal"];

/// What went over the wire.
#[derive(Debug, Default)]
pub struct Meter {
    /// Requests, those that were repeated too.
    pub requests: AtomicU64,
    /// Bytes of what was sent in them, without headers.
    pub bytes: AtomicU64,
}

/// Makes clients that share one pause and one meter.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    pub(super) meter: Arc<Meter>,
    until: Arc<Mutex<Option<Instant>>>,
    /// How many connections are kept.
    connections: usize,
}

impl Wire {
    pub(super) fn new(connections: usize) -> Self {
        Self { meter: Arc::default(), until: Arc::default(), connections }
    }

    /// Waits while a store wants to be left alone.
    async fn wait(&self) {
        loop {
            let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
            match until.map(|until| until.saturating_duration_since(Instant::now())) {
                Some(rest) if !rest.is_zero() => tokio::time::sleep(rest).await,
                _ => return,
            }
        }
    }

    fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause.min(LONGEST_PAUSE);
        let mut known = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(known.map_or(until, |known| known.max(until)));
    }
}

impl HttpConnector for Wire {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let value = |key| options.get_config_value(&key);
        let duration = |key| value(key).and_then(|text| humantime::parse_duration(&text).ok());
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let silence = duration(ClientConfigKey::Timeout).unwrap_or(SILENCE);
        let agent = Agent::config_builder()
            .tls_config(tls)
            .https_only(value(ClientConfigKey::AllowHttp).as_deref() != Some("true"))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("feedmill/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(duration(ClientConfigKey::ConnectTimeout).unwrap_or(CONNECT)))
            .timeout_recv_response(Some(silence))
            .timeout_per_read(Some(silence))
            .timeout_per_write(Some(silence))
            .max_idle_connections(self.connections)
            .max_idle_connections_per_host(self.connections)
            .build()
            .new_agent();
        Ok(HttpClient::new(Client { agent, wire: self.clone() }))
    }
}

#[derive(Debug)]
struct Client {
    agent: Agent,
    wire: Wire,
}

#[async_trait::async_trait]
impl HttpService for Client {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.wire.wait().await;
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?.to_bytes();
        self.wire.meter.requests.fetch_add(1, Ordering::Relaxed);
        self.wire.meter.bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
        let agent = self.agent.clone();
        let is_metadata = parts.uri.host().is_some_and(|host| METADATA.contains(&host));
        let exchange = move || {
            let response = if body.is_empty() && !parts.headers.contains_key(header::CONTENT_LENGTH) {
                agent.run(ureq::http::Request::from_parts(parts, ()))
            } else {
                agent.run(ureq::http::Request::from_parts(parts, &body[..]))
            }?;
            let (parts, body) = response.into_parts();
            let bytes = body.into_with_config().limit(LONGEST_ANSWER).read_to_vec()?;
            Ok((parts, bytes))
        };
        let outcome = aside(exchange).await.map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
        let (parts, bytes) = outcome.map_err(|error: Error| {
            let why = Unheard::of(&error);
            HttpError::new(if is_metadata { HttpErrorKind::Unknown } else { why.kind() }, why)
        })?;
        if [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&parts.status)
            && let Some(pause) = parts
                .headers
                .get(header::RETRY_AFTER)
                .and_then(|after| retry_after(after.to_str().ok()?, clock_of(&parts.headers)))
        {
            // Whoever asks next waits; who has no more tries has not.
            self.wire.pause(pause);
        }
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::from(bytes)))
    }
}

/// Does on a thread of its own what would keep all others waiting; where the system has no thread to give, it does.
async fn aside<T, W>(work: W) -> Result<T, oneshot::error::RecvError>
where
    T: Send + 'static,
    W: FnOnce() -> T + Send + 'static,
{
    let (done, outcome) = oneshot::channel();
    // Who asked may have gone.
    let job = Arc::new(Mutex::new(Some(move || drop(done.send(work())))));
    let there = Arc::clone(&job);
    if std::thread::Builder::new().spawn(move || run_once(&there)).is_err() {
        run_once(&job);
    }
    outcome.await
}

fn run_once(job: &Mutex<Option<impl FnOnce()>>) {
    let job = job.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(job) = job {
        job();
    }
}

/// What time it is where an answer comes from, which is what its dates mean; here, if it does not say.
fn clock_of(headers: &HeaderMap) -> DateTime<Utc> {
    let said = headers.get(header::DATE).and_then(|date| DateTime::parse_from_rfc2822(date.to_str().ok()?).ok());
    said.map_or_else(Utc::now, |date| date.to_utc())
}

/// How long to wait, in seconds or until a date, as a store says.
fn retry_after(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    match text.trim().parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => (DateTime::parse_from_rfc2822(text).ok()?.to_utc() - now).to_std().ok(),
    }
}

/// Why there is no answer. In words of our own: an address may stand in what the system says, and keys in an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unheard {
    #[error("nobody listens there")]
    Refused,
    #[error("there is no host of this name")]
    NoHost,
    #[error("no connection comes about")]
    NoConnection,
    #[error("it does not answer in time")]
    Late,
    #[error("the connection broke off")]
    Broken,
    #[error("no safe connection comes about; is its certificate good?")]
    Unsafe,
    #[error("its address is not https")]
    Plain,
    #[error("the connection failed")]
    Other,
}

impl Unheard {
    fn of(error: &Error) -> Self {
        match error {
            Error::HostNotFound => Self::NoHost,
            Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve)
            | Error::ConnectionFailed
            | Error::ConnectProxyFailed(_)
            | Error::InvalidProxyUrl => Self::NoConnection,
            Error::Timeout(_) => Self::Late,
            Error::Tls(_) | Error::Rustls(_) | Error::Pem(_) => Self::Unsafe,
            Error::RequireHttpsOnly(_) => Self::Plain,
            // An answer that breaks off.
            Error::Protocol(_) => Self::Broken,
            Error::Io(error) => match error.kind() {
                io::ErrorKind::ConnectionRefused => Self::Refused,
                io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::AddrNotAvailable => {
                    Self::NoConnection
                }
                io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Late,
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof => Self::Broken,
                // TLS, where it is spoken on the way.
                io::ErrorKind::InvalidData => Self::Unsafe,
                // The system has no kind for it.
                _ if error.to_string().starts_with("failed to lookup address") => Self::NoHost,
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }

    /// Whether asking again is of use, and safe.
    fn kind(self) -> HttpErrorKind {
        match self {
            Self::Refused | Self::NoHost | Self::NoConnection => HttpErrorKind::Connect,
            Self::Late => HttpErrorKind::Timeout,
            Self::Broken => HttpErrorKind::Interrupted,
            Self::Unsafe | Self::Plain | Self::Other => HttpErrorKind::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_in_seconds_or_until_a_date() {
        let now = DateTime::parse_from_rfc3339("2020-11-20T00:00:00Z").expect("a time").to_utc();
        assert_eq!(retry_after("3", now), Some(Duration::from_secs(3)));
        assert_eq!(retry_after("Fri, 20 Nov 2020 00:00:07 GMT", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Thu, 19 Nov 2020 00:00:07 GMT", now), None);
        assert_eq!(retry_after("soon", now), None);
        // A date means the clock of whoever wrote it.
        let headers = |date: &str| HeaderMap::from_iter([(header::DATE, date.parse().expect("a header"))]);
        assert_eq!(clock_of(&headers("Fri, 20 Nov 2020 00:00:00 GMT")), now);
        assert!(clock_of(&headers("soon")) > now && clock_of(&HeaderMap::new()) > now);
    }

    #[test]
    fn what_the_system_says_has_a_name_and_nothing_of_it_is_told() {
        let io = |kind, text: &str| Unheard::of(&Error::Io(io::Error::new(kind, text.to_owned())));
        assert_eq!(io(io::ErrorKind::ConnectionRefused, "SECRET"), Unheard::Refused);
        assert_eq!(io(io::ErrorKind::UnexpectedEof, "SECRET").kind(), HttpErrorKind::Interrupted);
        assert_eq!(io(io::ErrorKind::Other, "failed to lookup address information: SECRET"), Unheard::NoHost);
        assert_eq!(io(io::ErrorKind::Other, "SECRET").to_string(), "the connection failed");
        assert_eq!(Unheard::of(&Error::Timeout(ureq::Timeout::RecvResponse)).kind(), HttpErrorKind::Timeout);
        assert_eq!(Unheard::of(&Error::RequireHttpsOnly("SECRET".into())).to_string(), "its address is not https");
    }
}
