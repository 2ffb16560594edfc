//! Calling a hub, through `ureq`: the only code that talks to one.
//!
//! The resolver is of ureq's `unversioned` module, which may change with a minor version; so the crate is held at one.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ureq::config::Config;
use ureq::http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use ureq::http::{HeaderMap, StatusCode, Uri};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error, Timeout};
use url::form_urlencoded;

use super::address::is_global;
use crate::link::Link;
use crate::report::{Failure, Ping};
use crate::threads::together;

/// How long it may take to find the hub's address, and then to connect to it.
const CONNECTING: Duration = Duration::from_secs(5);
/// How long a call may take, all in all.
const CALL: Duration = Duration::from_secs(10);
/// The longest time that a hub may ask to be given, in seconds.
const PATIENCE: u64 = 10;
/// Calls at a time.
const AT_ONCE: usize = 4;
/// Calls that come to nothing, after which the hub is left alone.
const ENOUGH: usize = 2;

const AGAIN: &str = "readers get it when they ask by themselves; `feedmill ping` with the same list tells the hub later";
const ANOTHER: &str = "`hub` in the site file has to be the very address that the hub takes pings at; redirects are not followed";
const TAKEN: &str = "does this hub take feeds of this site, and pings at this address? its provider knows";
const TRUST: &str = "its certificate has to be in order, and this machine needs those of authorities (Debian: `ca-certificates`)";
const PUBLIC: &str = "`hub` in the site file has to be an address that everybody reaches";

/// See [`super::ping`].
pub(super) fn ping(hub: &Link, topics: &[Link]) -> Vec<Ping> {
    let agent = agent(hub);
    every(topics, |topic| call(&agent, hub, topic))
}

/// What a call came to.
#[derive(Debug)]
enum Outcome {
    /// The hub answered for this topic.
    Answered(StatusCode),
    /// The hub asks to be left alone for some time.
    Busy(StatusCode),
    /// There was no answer, and why.
    Nothing(Failure),
}

/// Tells of every topic: one by one until the hub answers, then several at a time; until it is enough.
fn every(topics: &[Link], call: impl Fn(&Link) -> Outcome + Sync) -> Vec<Ping> {
    let pings = Mutex::new(BTreeMap::new());
    let (next, in_vain) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // Whether the hub answered; nothing if there is no more to tell.
    let one = || {
        if in_vain.load(Ordering::Relaxed) >= ENOUGH {
            return None;
        }
        let at = next.fetch_add(1, Ordering::Relaxed);
        let topic = topics.get(at)?;
        let outcome = call(topic);
        let answered = matches!(outcome, Outcome::Answered(_));
        in_vain.fetch_add(usize::from(!answered), Ordering::Relaxed);
        pings.lock().unwrap_or_else(PoisonError::into_inner).insert(at, ping_of(topic, outcome));
        Some(answered)
    };
    while one() == Some(false) {}
    together(AT_ONCE.min(topics.len().saturating_sub(1)), || while one().is_some() {});
    let mut pings = pings.into_inner().unwrap_or_else(PoisonError::into_inner);
    let untried = |topic: &Link| {
        let message = format!("it was not tried any more after {ENOUGH} pings that came to nothing");
        Ping { topic: topic.clone(), status: None, failure: Some(Failure { message, help: AGAIN }) }
    };
    topics.iter().enumerate().map(|(at, topic)| pings.remove(&at).unwrap_or_else(|| untried(topic))).collect()
}

fn ping_of(topic: &Link, outcome: Outcome) -> Ping {
    let (status, failure) = match outcome {
        Outcome::Answered(status) if status.is_success() => (Some(status), None),
        Outcome::Answered(status) | Outcome::Busy(status) => (Some(status), Some(refused(status))),
        Outcome::Nothing(failure) => (None, Some(failure)),
    };
    Ping { topic: topic.clone(), status: status.map(|status| status.as_u16()), failure }
}

/// What an answer means that is no success.
fn refused(status: StatusCode) -> Failure {
    let number = status.as_u16();
    let reason = status.canonical_reason().map_or_else(|| number.to_string(), |reason| format!("{number} {reason}"));
    let (message, help) = match number {
        300..=399 => (format!("it answered {reason}, which leads elsewhere"), ANOTHER),
        429 | 500..=599 => (format!("it answered {reason}"), AGAIN),
        _ => (format!("it answered {reason}"), TAKEN),
    };
    Failure { message, help }
}

/// What calls have in common. No proxy of the environment: it would be the one to find the hub's address, and could find a private
/// one. No connection is kept for the next call, since a hub may close it just then.
fn agent(hub: &Link) -> Agent {
    let by_https = hub.as_str().starts_with("https:");
    let config = Config::builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .https_only(by_https)
        .proxy(None)
        .timeout_global(Some(CALL))
        .timeout_resolve(Some(CONNECTING))
        .timeout_connect(Some(CONNECTING))
        .max_idle_connections(0)
        .user_agent(concat!("feedmill/", env!("CARGO_PKG_VERSION"), " (+hub ping)"))
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
        .build();
    let permits = if by_https { is_global } else { |address: IpAddr| address.is_loopback() };
    let names = Vetted { permits, names: DefaultResolver::default(), found: OnceLock::new() };
    Agent::with_parts(config, DefaultConnector::default(), names)
}

/// One ping, and another one if the hub asks for it.
fn call(agent: &Agent, hub: &Link, topic: &Link) -> Outcome {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("hub.mode", "publish")
        .append_pair("hub.url", topic.as_str())
        .finish();
    let mut patience = Some(PATIENCE);
    loop {
        let request =
            agent.post(hub.as_str()).header(CONTENT_TYPE, "application/x-www-form-urlencoded").header(CONNECTION, "close");
        // What stands below the head of the answer is nobody's business, and is not read.
        let (status, wait) = match request.send(&form) {
            Ok(answer) => (answer.status(), retry_after(answer.headers())),
            Err(error) => return Outcome::Nothing(nothing(&error)),
        };
        if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            return Outcome::Answered(status);
        }
        let Some(wait) = wait.filter(|wait| patience.take().is_some_and(|longest| *wait <= longest)) else {
            return Outcome::Busy(status);
        };
        std::thread::sleep(Duration::from_secs(wait));
    }
}

/// How many seconds the hub asks for; nothing if it names a time of day, which would be by its clock.
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

/// Why there was no answer.
fn nothing(error: &Error) -> Failure {
    let (message, help) = match error {
        Error::Timeout(Timeout::Resolve) => (format!("its name was not found within {} seconds", CONNECTING.as_secs()), AGAIN),
        Error::Timeout(Timeout::Connect) => (format!("no connection within {} seconds", CONNECTING.as_secs()), AGAIN),
        Error::Timeout(_) => (format!("no answer within {} seconds", CALL.as_secs()), AGAIN),
        Error::HostNotFound => ("its name has no address".to_owned(), AGAIN),
        // What is wrong with the encryption comes as wrong data.
        Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => (format!("no secure connection: {error}"), TRUST),
        Error::Rustls(error) => (format!("no secure connection: {error}"), TRUST),
        Error::Io(error) => (error.to_string(), AGAIN),
        Error::Other(error) => {
            let help = if error.downcast_ref().is_some_and(|why| matches!(why, Unfit::Private(_))) { PUBLIC } else { AGAIN };
            (error.to_string(), help)
        }
        error => (error.to_string(), AGAIN),
    };
    Failure { message, help }
}

/// Why the hub has no address to call.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    /// The name was not found.
    #[error("its name was not found: {0}")]
    Name(io::Error),
    /// One of its addresses is not of the public internet; or, where it is to be this machine, not of this machine.
    #[error("its address {0} is not one that a ping may go to")]
    Private(IpAddr),
}

/// Finds the hub's addresses once, and lets no call go anywhere else. One address that is not permitted spoils the others: whoever
/// answers for the name would choose the moment at which it is the one.
#[derive(Debug)]
struct Vetted {
    permits: fn(IpAddr) -> bool,
    names: DefaultResolver,
    found: OnceLock<Vec<SocketAddr>>,
}

impl Resolver for Vetted {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut addresses = self.empty();
        if let Some(found) = self.found.get() {
            for address in found {
                addresses.push(*address);
            }
            return Ok(addresses);
        }
        let found = self.names.resolve(uri, config, timeout).map_err(|error| match error {
            Error::Io(error) => Error::Other(Box::new(Unfit::Name(error))),
            error => error,
        })?;
        if let Some(address) = found.iter().map(SocketAddr::ip).find(|address| !(self.permits)(*address)) {
            return Err(Error::Other(Box::new(Unfit::Private(address))));
        }
        for address in self.found.get_or_init(|| found.to_vec()) {
            addresses.push(*address);
        }
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    fn topics(count: usize) -> Vec<Link> {
        (0..count).map(|n| Link::parse(&format!("https://example.org/{n}")).expect("an address")).collect()
    }

    fn lost() -> Outcome {
        Outcome::Nothing(Failure { message: "lost".to_owned(), help: "" })
    }

    /// Tells of so many topics, of which some come to nothing; gives those that were tried, and how many were at a time.
    fn tried(count: usize, in_vain: &[usize]) -> (Vec<usize>, usize) {
        let topics = topics(count);
        let (tried, now, most) = (Mutex::new(Vec::new()), AtomicUsize::new(0), AtomicUsize::new(0));
        let pings = every(&topics, |topic| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let at = topics.iter().position(|other| other == topic).expect("a topic");
            tried.lock().expect("a lock").push(at);
            std::thread::sleep(Duration::from_millis(30));
            now.fetch_sub(1, Ordering::SeqCst);
            if in_vain.contains(&at) { lost() } else { Outcome::Answered(StatusCode::ACCEPTED) }
        });
        let mut tried = tried.into_inner().expect("a lock");
        tried.sort_unstable();
        assert!(pings.iter().map(|ping| &ping.topic).eq(&topics), "each topic has its ping");
        for (at, ping) in pings.iter().enumerate() {
            let told = tried.contains(&at) && !in_vain.contains(&at);
            assert_eq!(ping.failure.is_none(), told, "{at}");
            assert_eq!(ping.status, told.then_some(202), "{at}");
        }
        (tried, most.into_inner())
    }

    #[test]
    fn every_topic_is_told_a_few_at_a_time() {
        assert_eq!(tried(0, &[]), (vec![], 0));
        assert_eq!(tried(1, &[]), (vec![0], 1));
        assert_eq!(tried(21, &[]), ((0..21).collect(), AT_ONCE));
        // One that is lost is lost alone.
        assert_eq!(tried(9, &[0]), ((0..9).collect(), AT_ONCE));
        assert_eq!(tried(9, &[5]), ((0..9).collect(), AT_ONCE));
    }

    #[test]
    fn two_in_vain_are_enough() {
        let all: Vec<usize> = (0..40).collect();
        assert_eq!(tried(40, &all), (vec![0, 1], 1));
        assert_eq!(tried(1, &all), (vec![0], 1));
        // What is under way then comes to its end.
        let (tried, _) = tried(40, &all[2..]);
        assert!((4..=2 + ENOUGH + AT_ONCE).contains(&tried.len()), "{tried:?}");
    }

    #[test]
    fn what_a_hub_asks_for_is_a_number_of_seconds() {
        for (value, seconds) in
            [("0", Some(0)), (" 10 ", Some(10)), ("Fri, 31 Dec 1999 23:59:59 GMT", None), ("-1", None), ("", None)]
        {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().expect("a value"))]);
            assert_eq!(retry_after(&headers), seconds, "{value:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    /// With a resolver that permits this machine: what is said first begins a handshake, and nothing of the ping is seen.
    #[test]
    fn a_ping_by_https_is_encrypted() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let hub = format!("https://localhost:{}/", listener.local_addr().expect("an address").port());
        let hub = Link::parse(&hub).expect("an address");
        let names = Vetted { permits: |_| true, names: DefaultResolver::default(), found: OnceLock::new() };
        let agent = Agent::with_parts(agent(&hub).config().clone(), DefaultConnector::default(), names);
        let heard = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut heard = [0; 3];
            stream.read_exact(&mut heard).expect("a beginning");
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").expect("an end");
            heard
        });
        let Outcome::Nothing(failure) = call(&agent, &hub, &topics(1)[0]) else { panic!("an answer") };
        assert!(failure.message.starts_with("no secure connection: ") && failure.help == TRUST, "{failure:?}");
        assert_eq!(heard.join().expect("a thread"), [22, 3, 1]);
    }
}
