//! Opening a bucket with what the environment says, and what its errors mean to people.
//!
//! Keys come from where all tools look for them: variables, the files of AWS and Google, and the role of the instance. No value
//! of theirs is ever in a message, nor is what a server says beyond a status and a code.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, Checksum};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::{BackoffConfig, ObjectStore, RetryConfig};
use ureq::http::Uri;

use super::profile;
use super::wire::{METADATA, Meter, Unheard, Wire};
use crate::destination::{Destination, Store};

/// Requests at a time.
pub const PARALLEL: usize = 16;
/// How long to wait before a request is made again, the first time.
pub const PAUSE: Duration = Duration::from_millis(200);
/// How often a request is made at most, as the tools of AWS have it in `AWS_MAX_ATTEMPTS`.
const ATTEMPTS: usize = 8;

/// Who gives keys for others.
const KEYS: [&str; 3] = ["oauth2.googleapis.com", "login.microsoftonline.com", "sts.amazonaws.com"];

/// A bucket that is open.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// The store.
    pub store: Arc<dyn ObjectStore>,
    /// What goes over the wire to it.
    pub meter: Arc<Meter>,
}

/// Why something cannot be had of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: &'static str,
    /// What it means for who asked.
    pub kind: Kind,
}

/// What a trouble means for who asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// What was asked was not done.
    #[default]
    Refused,
    /// It is not known whether it was done: there was no answer.
    Unheard,
    /// There is no bucket to ask anything of.
    NoBucket,
}

impl Trouble {
    /// Of what was not done.
    pub fn new(message: impl Into<String>, help: &'static str) -> Self {
        Self { message: message.into(), help, kind: Kind::Refused }
    }

    fn of(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }
}

/// Makes ready to talk to a bucket; nothing is sent yet.
pub fn open(destination: &Destination) -> Result<Bucket, Trouble> {
    let wire = Wire::new(PARALLEL);
    let meter = Arc::clone(&wire.meter);
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let attempts = variable("AWS_MAX_ATTEMPTS").and_then(|attempts| attempts.parse().ok()).unwrap_or(ATTEMPTS);
    let retry = RetryConfig {
        backoff: BackoffConfig { init_backoff: PAUSE, max_backoff: Duration::from_secs(15), base: 2.0 },
        max_retries: attempts.saturating_sub(1),
        retry_timeout: Duration::from_secs(180),
    };
    let bucket = &destination.bucket;
    let store: Arc<dyn ObjectStore> = match destination.store {
        Store::S3 => {
            let builder = s3(variable)?.with_bucket_name(bucket).with_retry(retry).with_http_connector(wire);
            Arc::new(builder.build().map_err(|error| unset(&error, S3_HELP))?)
        }
        Store::Gcs => {
            let builder = GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket);
            if let Some(url) = builder.get_config_value(&GoogleConfigKey::BaseUrl) {
                is_plain(&url, "GOOGLE_BASE_URL")?;
            }
            let builder = builder.with_retry(retry).with_http_connector(wire);
            Arc::new(builder.build().map_err(|error| unset(&error, GCS_HELP))?)
        }
        Store::Azure => {
            let builder = MicrosoftAzureBuilder::from_env().with_container_name(bucket);
            let builder = match builder.get_config_value(&AzureConfigKey::Endpoint) {
                Some(endpoint) if is_plain(&endpoint, "AZURE_STORAGE_ENDPOINT")? => builder.with_allow_http(true),
                _ => builder,
            };
            let builder = builder.with_retry(retry).with_http_connector(wire);
            Arc::new(builder.build().map_err(|error| unset(&error, AZURE_HELP))?)
        }
    };
    Ok(Bucket { store, meter })
}

const S3_HELP: &str =
    "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, or AWS_PROFILE; for R2, MinIO or Ceph also AWS_ENDPOINT_URL";
const GCS_HELP: &str = "set GOOGLE_APPLICATION_CREDENTIALS to a file of keys, or GOOGLE_BEARER_TOKEN";
const AZURE_HELP: &str = "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or AZURE_STORAGE_SAS_KEY";

const COMPLETES: &str = "the next run completes what is missing";

/// The keys and settings of the environment, and where there are no keys, those of a profile.
fn s3(variable: impl Fn(&str) -> Option<String> + Copy) -> Result<AmazonS3Builder, Trouble> {
    let mut builder = AmazonS3Builder::from_env();
    let has = |builder: &AmazonS3Builder, key| builder.get_config_value(&key).is_some();
    // The name of it among the tools of AWS.
    if !has(&builder, AmazonS3ConfigKey::Region)
        && let Some(region) = variable("AWS_DEFAULT_REGION")
    {
        builder = builder.with_region(region);
    }
    let roles = ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
    let keys = has(&builder, AmazonS3ConfigKey::AccessKeyId) || has(&builder, AmazonS3ConfigKey::SecretAccessKey);
    let profile = profile::read(variable).map_err(|message| Trouble::new(message, S3_HELP))?;
    let of_keys = [AmazonS3ConfigKey::AccessKeyId, AmazonS3ConfigKey::SecretAccessKey, AmazonS3ConfigKey::Token];
    let mut in_profile = false;
    for (key, value) in profile.settings {
        in_profile |= key == AmazonS3ConfigKey::SecretAccessKey;
        if !(has(&builder, key) || keys && of_keys.contains(&key)) {
            builder = builder.with_config(key, value);
        }
    }
    if !keys && !in_profile && roles.iter().all(|role| variable(role).is_none()) {
        if let Some(way) = profile.other_way {
            let message = format!("the profile gets its keys by `{way}`, which feedmill does not do");
            return Err(Trouble::new(
                message,
                "put keys into the environment: eval \"$(aws configure export-credentials --format env)\"",
            ));
        }
        if variable("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Err(Trouble::new("there are no keys for S3", S3_HELP));
        }
    }
    let endpoint =
        [AmazonS3ConfigKey::S3Endpoint, AmazonS3ConfigKey::Endpoint].iter().find_map(|key| builder.get_config_value(key));
    // Who writes http means it, as all tools take it.
    if let Some(endpoint) = endpoint
        && is_plain(&endpoint, "AWS_ENDPOINT_URL")?
    {
        builder = builder.with_allow_http(true);
    }
    if !has(&builder, AmazonS3ConfigKey::Checksum) {
        builder = builder.with_checksum_algorithm(Checksum::SHA256);
    }
    Ok(builder)
}

/// Whether the address of a store is one without TLS. `Err`: it is none, which `object_store` does not expect.
fn is_plain(address: &str, variable: &str) -> Result<bool, Trouble> {
    let uri = address.parse::<Uri>().ok().filter(|uri| uri.host().is_some_and(|host| !host.is_empty()));
    match uri.as_ref().and_then(Uri::scheme_str) {
        Some("http") => Ok(true),
        Some("https") => Ok(false),
        _ => Err(Trouble::new(format!("{variable} is not an address"), "write it like https://s3.example.com")),
    }
}

/// Why a bucket cannot even be asked. What the store's library says may repeat what it was given, so none of it is shown but
/// where it names what is missing.
fn unset(error: &object_store::Error, help: &'static str) -> Trouble {
    let text = error.to_string();
    let missing =
        text.split("Missing ").nth(1).filter(|name| name.len() < 40 && name.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let what = missing.map_or_else(
        || "the settings in the environment do not fit together".to_owned(),
        |name| format!("the settings in the environment have no {name}"),
    );
    Trouble::new(what, help)
}

/// What an error of a store means. Of what a server says, only the status and a code of a known form are told.
#[must_use]
pub fn explain(error: &object_store::Error) -> Trouble {
    use object_store::Error as E;
    let text = chain(error);
    let (status, code) = (status(&text), code(&text));
    let told = match (&status, &code) {
        (Some(status), Some(code)) => format!(" ({status} {code})"),
        (Some(status), None) => format!(" ({status})"),
        _ => String::new(),
    };
    let denied = matches!(error, E::PermissionDenied { .. } | E::Unauthenticated { .. });
    let is = |known: &str| code.as_deref() == Some(known);
    let asked = |hosts: &[&str]| hosts.iter().any(|host| text.contains(&format!("://{host}/")));
    match error {
        _ if asked(&METADATA) => {
            Trouble::new(format!("there are no keys, and no role of this machine gives any{told}"), "set keys in the environment")
        }
        _ if asked(&KEYS) => Trouble::new(format!("the keys are not good{told}"), "they may be mistyped, or have expired"),
        _ if is("NoSuchBucket") || is("ContainerNotFound") => {
            Trouble::new(format!("there is no bucket of this name{told}"), "make it, or write another destination")
                .of(Kind::NoBucket)
        }
        _ if is("RequestTimeTooSkewed") => {
            Trouble::new(format!("the clock of this machine is wrong{told}"), "set the clock, or let NTP do it")
        }
        E::NotFound { .. } => {
            Trouble::new(format!("there is no such bucket or object{told}"), "is the name right, and the endpoint?")
        }
        _ if is("AuthorizationHeaderMalformed") => {
            Trouble::new(format!("the bucket is in another region{told}"), "set AWS_REGION to the bucket's region")
        }
        _ if ["ExpiredToken", "InvalidToken", "InvalidAccessKeyId", "SignatureDoesNotMatch"].into_iter().any(is) => {
            Trouble::new(format!("the keys are not good{told}"), "they may be mistyped, or have expired")
        }
        _ if denied || matches!(status.as_deref(), Some("401" | "403")) => Trouble::new(
            format!("access is denied{told}"),
            "the keys must be allowed to get and put objects, to delete them for --delete-stale, and to list the bucket: without \
             that, S3 denies what is not there yet",
        ),
        E::NotImplemented { .. } => Trouble::new(format!("the store cannot do this{told}"), ""),
        _ if matches!(status.as_deref(), Some("301" | "307" | "308")) || text.contains("redirect without LOCATION") => {
            Trouble::new(
                format!("the bucket is somewhere else{told}"),
                "set AWS_REGION to the bucket's region, or AWS_ENDPOINT_URL",
            )
        }
        _ if status.as_deref() == Some("501") => Trouble::new(
            format!("the store does not know conditional requests{told}"),
            "set AWS_CONDITIONAL_PUT=disabled, and let nobody else publish there",
        ),
        // What it does not take now it does not take the next time, but for 408 and 429.
        _ if status.as_deref().is_some_and(|status| status.starts_with('4') && !["408", "429"].contains(&status)) => {
            Trouble::new(format!("the store does not take this{told}"), "")
        }
        _ if status.is_some() => Trouble::new(format!("the store fails{told}"), COMPLETES),
        _ => match unheard(error) {
            Some(why) => Trouble::new(format!("the store cannot be reached: {why}"), COMPLETES).of(Kind::Unheard),
            None => Trouble::new("the store's answer cannot be understood", COMPLETES).of(Kind::Unheard),
        },
    }
}

/// Everything that an error says, and what caused it.
fn chain(error: &object_store::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// The status in what an error says.
fn status(text: &str) -> Option<String> {
    let after = text.split("status code: ").nth(1)?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    (digits.len() == 3).then_some(digits)
}

/// The code in the answer of a store, such as `AccessDenied`: one word.
fn code(text: &str) -> Option<String> {
    let after = text.split("<Code>").nth(1)?.split("</Code>").next()?;
    (after.len() <= 64 && !after.is_empty() && after.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| after.to_owned())
}

/// Why there was no answer, if that is what is wrong.
fn unheard(error: &object_store::Error) -> Option<&Unheard> {
    let mut error: &(dyn std::error::Error + 'static) = error;
    loop {
        if let Some(unheard) = error.downcast_ref() {
            return Some(unheard);
        }
        error = error.source()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_a_server_says_only_status_and_code_are_told() {
        let error = |text: &str| object_store::Error::Generic { store: "S3", source: text.to_owned().into() };
        let denied = object_store::Error::PermissionDenied {
            path: "x".into(),
            source: "Server returned non-2xx status code: 403 Forbidden: <Error><Code>InvalidAccessKeyId</Code><AWSAccessKeyId>SECRET</AWSAccessKeyId></Error>".into(),
        };
        assert_eq!(explain(&denied).message, "the keys are not good (403 InvalidAccessKeyId)");
        for (text, message) in [
            ("status code: 500 Internal: <Code>a SECRET</Code>", "the store fails (500)"),
            ("status code: 400 Bad Request: <Code>InvalidMetadata</Code>", "the store does not take this (400 InvalidMetadata)"),
            ("status code: 429 Too Many Requests: SECRET", "the store fails (429)"),
            ("status code: 404 Not Found: <Code>NoSuchBucket</Code>", "there is no bucket of this name (404 NoSuchBucket)"),
            ("what SECRET", "the store's answer cannot be understood"),
            (
                "Error performing PUT http://169.254.169.254/latest/api/token in 1s - HTTP error",
                "there are no keys, and no role of this machine gives any",
            ),
            (
                "Error performing POST https://oauth2.googleapis.com/token - status code: 400 Bad Request: SECRET",
                "the keys are not good (400)",
            ),
        ] {
            assert_eq!(explain(&error(text)).message, message);
        }
        let unheard = object_store::Error::Generic { store: "S3", source: Box::new(Unheard::Broken) };
        let told = "the store cannot be reached: the connection broke off";
        assert_eq!((explain(&unheard).message.as_str(), explain(&unheard).kind), (told, Kind::Unheard));
    }

    #[test]
    fn an_address_of_a_store_is_one() {
        for (address, plain) in [("http://127.0.0.1:9000", true), ("HTTP://minio/", true), ("https://s3.example.com", false)] {
            assert_eq!(is_plain(address, "X"), Ok(plain));
        }
        for address in ["", "not an address", "127.0.0.1:9000", "minio", "ftp://minio", "http://", "http:///x"] {
            assert_eq!(is_plain(address, "X").map_err(|trouble| trouble.message), Err("X is not an address".to_owned()));
        }
    }
}
