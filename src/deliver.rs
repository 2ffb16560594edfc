//! Delivery: from the output folder to where readers fetch it. What is published is what the manifest of the output folder says;
//! what is at the destination is known from the manifest there.
//!
//! [`crate::destination`] says where, [`plan`] what is to be sent, [`record`] what lies there; `upload` does it, whatever happens on the
//! way, through a `bucket`. The last two, and what they need of other crates, are the feature `buckets`. A [`hub`] is told then.
//! Nothing else in this crate talks to the network.

use std::path::Path;

use crate::error::{Error, FolderError};
use crate::publish::{Folder, stage};
use crate::report::Delivered;
use crate::site::Site;
use crate::{Progress, lock};

#[cfg(feature = "buckets")]
pub mod bucket;
pub mod hub;
pub mod plan;
#[cfg(feature = "buckets")]
mod profile;
pub mod record;
#[cfg(feature = "buckets")]
pub mod upload;
#[cfg(feature = "buckets")]
mod wire;

use crate::destination::Destination;

/// What is asked of a delivery.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools)] // independent wishes
pub struct Request<'a> {
    /// The publication.
    pub site: &'a Site,
    /// Where its output goes.
    pub destination: &'a Destination,
    /// Whether what is there is only looked at, and nothing changed.
    pub dry_run: bool,
    /// Whether objects go whose files are no longer part of the output.
    pub delete_stale: bool,
    /// Whether objects of others are replaced.
    pub adopt: bool,
    /// Whether a preview may go there.
    pub preview: bool,
    /// Whether to wait for a run that is changing the output folder.
    pub wait: bool,
    /// Names this run: any text that no other run has. It is at the destination only until the run has come to its end.
    pub run: &'a str,
    /// Where to count, for whoever wants to show it: files to be sent, and sent.
    pub progress: &'a Progress,
}

/// Makes a destination what the output folder is: sends what differs, feeds first, the manifest last.
///
/// An output folder in which an interrupted run left its work half done is completed before. Nobody changes the folder meanwhile.
pub fn publish(request: &Request) -> Result<Delivered, Error> {
    let out = request.site.out.as_path();
    if !Folder::open(out)?.used && !out.join(stage::FOLDER).exists() {
        return Err(nothing_built(out).into());
    }
    let _lock = if request.dry_run { None } else { Some(lock(out, request.wait)?) };
    if !request.dry_run {
        stage::recover(out)?;
    }
    let folder = Folder::open(out)?;
    if !folder.used {
        return Err(nothing_built(out).into());
    }
    if folder.published.preview && !request.preview {
        let help = "name a destination of its own on the command line: `feedmill publish DESTINATION`";
        return Err(FolderError::new(out, "these feeds are a preview, and this destination is for the public", help).into());
    }
    send(request, &folder)
}

fn nothing_built(out: &Path) -> FolderError {
    FolderError::new(out, "there are no feeds here yet", "run `feedmill build` first, or name their folder with `--out`")
}

#[cfg(not(feature = "buckets"))]
fn send(_: &Request, _: &Folder) -> Result<Delivered, Error> {
    Err(Error::LeftOut { what: "publish", feature: "buckets" })
}

#[cfg(feature = "buckets")]
fn send(request: &Request, folder: &Folder) -> Result<Delivered, Error> {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    use crate::report::Changes;

    let Request { site, destination, dry_run, delete_stale, adopt, run, progress, .. } = *request;
    let place = destination.to_string();
    let failed = |place, bucket::Trouble { message, help, .. }| Error::Delivery { place, message, help: help.to_owned() };
    let bucket = bucket::open(destination).map_err(|trouble| failed(place.clone(), trouble))?;
    let output = &folder.published;
    let (out, cache_control) = (site.out.as_path(), site.cache_control.as_str());
    let pause = bucket::PAUSE;
    let wish = upload::Wish { destination, out, output, cache_control, delete_stale, adopt, dry_run, run, pause };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| FolderError::new(out, format!("nothing can be sent: {error}"), ""))?;
    let outcome = runtime.block_on(upload::upload(wish, Arc::clone(&bucket.store), progress));
    let upload::Outcome { plan, before } = outcome.map_err(|failure| match failure {
        upload::Failure::File(path, message, help) => Error::from(FolderError::new(&path, message, help)),
        upload::Failure::Store(place, trouble) => failed(place, trouble),
        upload::Failure::Overtaken => Error::Overtaken { place: place.clone() },
    })?;
    let feeds = plan::feeds(output, &before, &plan);
    let plan::Plan { first, second, delete, left, unchanged } = plan;
    let written = first.into_iter().chain(second).collect();
    Ok(Delivered {
        destination: place,
        changes: Changes { written, unchanged, removed: delete, ..Changes::default() },
        left,
        feeds,
        requests: bucket.meter.requests.load(Ordering::Relaxed),
        bytes: bucket.meter.bytes.load(Ordering::Relaxed),
    })
}
