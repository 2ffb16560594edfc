//! Making a bucket what the output is, whatever happens on the way and whoever else is at it.
//!
//! All rests on the manifest of the destination, which is only ever put under the condition that it is still the one that was
//! read. It is put twice: before anything else, naming the objects that are about to change and the run that changes them; and
//! after everything else, as the manifest of what is there. So
//!
//! - who is killed leaves a list of what cannot be trusted, and the next run sends that again;
//! - who finds the manifest of another run takes over what that run may have changed;
//! - who has been overtaken learns it from the last put, adds what it has touched to what cannot be trusted, and leaves; or, where
//!   the other one has come to its end, begins again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use object_store::path::Path as Name;
use object_store::{
    Attribute, Attributes, Error as StoreError, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, PutResult,
    UpdateVersion,
};
use tokio::task::JoinSet;

use super::bucket::{Kind, PARALLEL, Trouble, explain};
use super::plan::{Plan, plan};
use super::record::{Record, Remote};
use crate::Progress;
use crate::destination::{Destination, content_type};
use crate::manifest::{self, File, Manifest};
use crate::write::sha256;

/// How often is begun anew where others change the manifest between.
const ATTEMPTS: usize = 8;
/// How often is put under a condition, where the answer gets lost.
const PUTS: u32 = 5;
/// What every object of ours says of itself: the checksum of its bytes, in hexadecimal digits. The name is of letters and digits
/// alone: Azure knows no others ("Naming and referencing containers, blobs, and metadata"), and some servers drop a `_`.
const CHECKSUM: Attribute = Attribute::Metadata(std::borrow::Cow::Borrowed("feedmillsha256"));

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    /// Where it goes.
    pub destination: &'a Destination,
    /// The output folder.
    pub out: &'a Path,
    /// What is in it.
    pub output: &'a Manifest,
    /// `Cache-Control` of every object.
    pub cache_control: &'a str,
    /// Whether objects go whose files are no longer part of the output.
    pub delete_stale: bool,
    /// Whether objects of others are replaced.
    pub adopt: bool,
    /// Whether nothing is changed, only looked at.
    pub dry_run: bool,
    /// Names this run: any text that no other run has.
    pub run: &'a str,
    /// How long to wait before something is put again whose answer got lost; each time twice as long.
    pub pause: Duration,
}

/// What was done, or would be.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What was to be done.
    pub plan: Plan,
    /// What was there before.
    pub before: Manifest,
}

/// Why it was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A file of the output cannot be sent.
    File(PathBuf, String, &'static str),
    /// Something is wrong with the destination, or with one object in it.
    Store(String, Trouble),
    /// Another run is at work there.
    Overtaken,
}

/// What is found and done at the destination.
struct Courier<'a> {
    wish: Wish<'a>,
    store: Arc<dyn ObjectStore>,
    progress: &'a Progress,
    labels: String,
    /// Files whose objects this run may have changed.
    touched: BTreeSet<String>,
}

/// The manifest of the destination as it was read.
struct Found {
    remote: Remote,
    bytes: Vec<u8>,
    /// What it must still be when it is put; `None` where there was none.
    version: Option<UpdateVersion>,
}

/// What became of a manifest that was put.
enum Put {
    /// It is there, as this version.
    Done(UpdateVersion),
    /// Another one is there.
    Other,
}

/// Sends what differs. Counts in `progress` what is to be sent, and what has been.
pub async fn upload(wish: Wish<'_>, store: Arc<dyn ObjectStore>, progress: &Progress) -> Result<Outcome, Failure> {
    let labels = labels(&wish);
    Courier { wish, store, progress, labels, touched: BTreeSet::new() }.carry_out().await
}

/// Stands for how objects are labelled, the same in every run and on every machine.
fn labels(wish: &Wish) -> String {
    let store = wish.destination.store;
    let types = crate::format::Format::ALL.map(|format| store.content_type(format.content_type()));
    let text = format!("1\n{}\n{}", wish.cache_control, types.join("\n"));
    sha256(text.as_bytes())[..16].to_owned()
}

impl Courier<'_> {
    async fn carry_out(mut self) -> Result<Outcome, Failure> {
        let mut first: Option<Outcome> = None;
        for _ in 0..ATTEMPTS {
            let found = self.find().await?;
            self.permit(&found)?;
            let mut remote = found.remote.clone();
            remote.record.pending.extend(self.touched.iter().cloned());
            let plan = plan(self.wish.output, &remote, &self.labels, self.wish.delete_stale);
            let end = Remote {
                manifest: self.wish.output.clone(),
                record: Record { labels: self.labels.clone(), left: plan.left.clone(), ..Record::default() },
            };
            // What is told is what the first look found: what others do between is no news of this run.
            let outcome = first.get_or_insert_with(|| Outcome { plan: plan.clone(), before: remote.manifest.clone() }).clone();
            if self.wish.dry_run || end.bytes() == found.bytes {
                return Ok(outcome);
            }
            let begun = !plan.touched().is_empty();
            let version = if begun {
                self.check(&plan)?;
                let Put::Done(version) = self.begin(found, &plan).await? else { continue };
                if let Err(failure) = self.send(&plan, &remote).await {
                    self.own_up(&failure).await;
                    return Err(failure);
                }
                Some(version)
            } else {
                found.version
            };
            match self.put_manifest(&end, version).await? {
                Put::Done(_) => return Ok(outcome),
                Put::Other if begun => self.give_way().await?,
                Put::Other => {}
            }
        }
        Err(Failure::Overtaken)
    }

    /// Says at the destination what is about to change.
    async fn begin(&self, found: Found, plan: &Plan) -> Result<Put, Failure> {
        let Found { mut remote, version, .. } = found;
        if version.is_none() {
            remote.manifest.site.clone_from(&self.wish.output.site);
            remote.manifest.preview = self.wish.output.preview;
        }
        remote.record.run = Some(self.wish.run.to_owned());
        remote.record.pending.extend(plan.touched());
        remote.record.pending.extend(self.touched.iter().cloned());
        self.put_manifest(&remote, version).await
    }

    /// Sends files and deletes objects, in their order.
    async fn send(&mut self, plan: &Plan, remote: &Remote) -> Result<(), Failure> {
        // What a run was only about to send may be somebody else's.
        let known: BTreeSet<&String> = remote.manifest.files.keys().chain(&remote.record.left).collect();
        self.touched.extend(plan.touched());
        let count = plan.first.len() + plan.second.len() + plan.delete.len();
        self.progress.files.store(count, std::sync::atomic::Ordering::Relaxed);
        self.progress.read.store(0, std::sync::atomic::Ordering::Relaxed);
        for wave in [&plan.first, &plan.second] {
            let object = |path: &String| self.object(path, self.wish.adopt || known.contains(path));
            self.all(wave.iter().map(|path| Ok(object(path)?.put(Arc::clone(&self.store), Patience::new(&self.wish))))).await?;
        }
        let delete = |path: &String| delete(Arc::clone(&self.store), path.clone(), self.name(path), known.contains(path));
        self.all(plan.delete.iter().map(|path| Ok(delete(path)))).await
    }

    /// Does all of it, some at a time, until something fails; what is under way then comes to its end.
    async fn all<J>(&self, jobs: impl Iterator<Item = Result<J, Failure>>) -> Result<(), Failure>
    where
        J: Future<Output = Result<(), (String, StoreError)>> + Send + 'static,
    {
        let mut tasks = JoinSet::new();
        let mut outcome = Ok(());
        for job in jobs {
            if tasks.len() >= PARALLEL {
                outcome = self.joined(&mut tasks).await;
            }
            match (job, &outcome) {
                (Ok(job), Ok(())) => tasks.spawn(job),
                (Err(failure), Ok(())) => {
                    outcome = Err(failure);
                    break;
                }
                (_, Err(_)) => break,
            };
        }
        while !tasks.is_empty() {
            let joined = self.joined(&mut tasks).await;
            outcome = outcome.and(joined);
        }
        outcome
    }

    async fn joined(&self, tasks: &mut JoinSet<Result<(), (String, StoreError)>>) -> Result<(), Failure> {
        match tasks.join_next().await {
            None => Ok(()),
            Some(Ok(Ok(()))) => {
                self.progress.read.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                Ok(())
            }
            Some(Ok(Err((path, StoreError::AlreadyExists { .. })))) => Err(Failure::Store(
                self.wish.destination.address(&path),
                Trouble::new(
                    "there is an object that feedmill did not put there, and it is not replaced",
                    "take it away, choose another destination, or let it be replaced with `--adopt`",
                ),
            )),
            Some(Ok(Err((path, error)))) => Err(self.failed(&path, &error)),
            Some(Err(error)) => Err(Failure::Store(self.wish.destination.to_string(), Trouble::new(error.to_string(), ""))),
        }
    }

    /// This run has sent, and another one has put its manifest meanwhile: nobody may trust what this one has sent. Where the other
    /// one has come to its end, this one begins again.
    async fn give_way(&self) -> Result<(), Failure> {
        for _ in 0..ATTEMPTS {
            let found = self.find().await?;
            match &found.remote.record.run {
                None => return Ok(()),
                // Only more of what cannot be trusted was added.
                Some(run) if run == self.wish.run => return Ok(()),
                Some(_) => {}
            }
            if self.doubt(found).await? {
                return Err(Failure::Overtaken);
            }
        }
        Err(Failure::Overtaken)
    }

    /// This run fails when it has sent some. If another one has put its manifest meanwhile, that has to say so; as far as it can be
    /// helped: who is not heard cannot say anything.
    async fn own_up(&self, failure: &Failure) {
        if matches!(failure, Failure::Store(_, trouble) if trouble.kind == Kind::Unheard) {
            return;
        }
        for _ in 0..ATTEMPTS {
            let Ok(found) = self.find().await else { return };
            if found.remote.record.run.as_deref() == Some(self.wish.run) || !matches!(self.doubt(found).await, Ok(false)) {
                return;
            }
        }
    }

    /// Adds what this run may have changed to what nobody trusts in the manifest of another one. Whether it was still that one.
    async fn doubt(&self, found: Found) -> Result<bool, Failure> {
        let Found { mut remote, version, .. } = found;
        remote.record.gave_way.insert(self.wish.run.to_owned());
        remote.record.pending.extend(self.touched.iter().cloned());
        Ok(matches!(self.put_manifest(&remote, version).await?, Put::Done(_)))
    }

    /// Reads the manifest of the destination.
    async fn find(&self) -> Result<Found, Failure> {
        let manifest = |error| self.failed(manifest::FILE_NAME, &error);
        let result = match self.store.get(&self.name(manifest::FILE_NAME)).await {
            Ok(result) => result,
            Err(error @ StoreError::NotFound { .. }) if explain(&error).kind != Kind::NoBucket => {
                return Ok(Found { remote: Remote::default(), bytes: Vec::new(), version: None });
            }
            Err(error) => return Err(manifest(error)),
        };
        let version = UpdateVersion { e_tag: result.meta.e_tag.clone(), version: result.meta.version.clone() };
        let bytes = result.bytes().await.map_err(manifest)?.to_vec();
        let remote = Remote::parse(&bytes).map_err(|why| {
            let place = self.wish.destination.address(manifest::FILE_NAME);
            let help = "choose another destination; or, if it was damaged, delete it, and use `--adopt` once";
            Failure::Store(place, Trouble::new(format!("this is not a manifest of feedmill: {why}"), help))
        })?;
        Ok(Found { remote, bytes, version: Some(version) })
    }

    /// Refuses to publish over what a run like this did not put there.
    fn permit(&self, found: &Found) -> Result<(), Failure> {
        if found.version.is_none() {
            return Ok(());
        }
        let (ours, theirs) = (self.wish.output, &found.remote.manifest);
        let refuse = |message: &str| {
            let trouble = Trouble::new(message, "choose another destination");
            Err(Failure::Store(self.wish.destination.to_string(), trouble))
        };
        if theirs.site != ours.site && theirs.site != crate::site::UNSET_ID {
            return refuse("the feeds there are of a site with another `id`");
        }
        match (ours.preview, theirs.preview) {
            (true, false) => refuse("the feeds there are for the public, and a preview must not replace them"),
            (false, true) => refuse("the feeds there are a preview"),
            _ => Ok(()),
        }
    }

    /// Looks whether every file that is to be sent is as it was written, before the first of them goes.
    fn check(&self, plan: &Plan) -> Result<(), Failure> {
        plan.first.iter().chain(&plan.second).try_for_each(|path| self.bytes(path).map(drop))
    }

    /// The bytes of a file of the output, which are those that its manifest says.
    fn bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let file = self.wish.out.join(path);
        let bytes = std::fs::read(&file).map_err(|error| {
            Failure::File(file.clone(), format!("cannot be read: {error}"), "run `feedmill build`, which writes it again")
        })?;
        let known = self.wish.output.files.get(path).map(|file| file.sha256.as_str());
        if known == Some(sha256(&bytes).as_str()) {
            return Ok(bytes);
        }
        let help = "run `feedmill build`, which writes it again";
        Err(Failure::File(file, "this file is not as feedmill wrote it, and is not published".to_owned(), help))
    }

    fn object(&self, path: &str, replaces: bool) -> Result<Object, Failure> {
        let bytes = self.bytes(path)?;
        let File { sha256, content_type: media_type, source, .. } = self.wish.output.files.get(path).cloned().unwrap_or_default();
        let content_type = content_type(self.wish.destination.store, path, &media_type, source.is_some());
        let attributes = self.attributes(content_type, &sha256);
        Ok(Object { path: path.to_owned(), name: self.name(path), payload: bytes.into(), attributes, replaces })
    }

    fn attributes(&self, content_type: String, sha256: &str) -> Attributes {
        Attributes::from_iter([
            (Attribute::ContentType, content_type),
            (Attribute::CacheControl, self.wish.cache_control.to_owned()),
            (CHECKSUM, sha256.to_owned()),
        ])
    }

    fn name(&self, path: &str) -> Name {
        let name = self.wish.destination.object(path);
        // As it is; what another manifest has that is no name is made one.
        Name::parse(&name).unwrap_or_else(|_| Name::from(name))
    }

    /// Puts the manifest of the destination if the one that is there is still the one that was read.
    async fn put_manifest(&self, remote: &Remote, version: Option<UpdateVersion>) -> Result<Put, Failure> {
        let bytes = remote.bytes();
        let content_type = self.wish.destination.store.content_type("application/json");
        let attributes = self.attributes(content_type, &sha256(&bytes));
        let mode = version.map_or(PutMode::Create, PutMode::Update);
        let name = self.name(manifest::FILE_NAME);
        let put = |mode| {
            let options = PutOptions { mode, attributes: attributes.clone(), ..PutOptions::default() };
            self.store.put_opts(&name, PutPayload::from(bytes.clone()), options)
        };
        let mut patience = Patience::new(&self.wish);
        loop {
            let outcome = match put(mode.clone()).await {
                // Where the owner has said that the store cannot do it, nobody else publishes there.
                Err(StoreError::NotImplemented { .. }) => put(PutMode::Overwrite).await,
                outcome => outcome,
            };
            let error = match outcome {
                Ok(PutResult { e_tag: Some(e_tag), version, .. }) => {
                    return Ok(Put::Done(UpdateVersion { e_tag: Some(e_tag), version }));
                }
                // Not every store tells the version with its answer.
                Ok(_) => None,
                Err(error) => Some(error),
            };
            // The answer may have got lost, or the store has been asked twice for want of one.
            match (self.find().await, error) {
                (Ok(Found { bytes: found, version: Some(version), .. }), _) if found == bytes => return Ok(Put::Done(version)),
                (Ok(_), None | Some(StoreError::Precondition { .. } | StoreError::AlreadyExists { .. })) => {
                    return Ok(Put::Other);
                }
                // Under its condition it does no harm to send it again.
                (Ok(_), Some(error)) if explain(&error).kind == Kind::Unheard && patience.is_left().await => {}
                (_, Some(error)) => return Err(self.failed(manifest::FILE_NAME, &error)),
                (Err(failure), None) => return Err(failure),
            }
        }
    }

    fn failed(&self, path: &str, error: &StoreError) -> Failure {
        Failure::Store(self.wish.destination.address(path), explain(error))
    }
}

/// A file on its way.
struct Object {
    path: String,
    name: Name,
    payload: PutPayload,
    attributes: Attributes,
    /// Whether it may replace an object, whosever that is.
    replaces: bool,
}

impl Object {
    async fn put(mut self, store: Arc<dyn ObjectStore>, mut patience: Patience) -> Result<(), (String, StoreError)> {
        loop {
            let mode = if self.replaces { PutMode::Overwrite } else { PutMode::Create };
            let options = PutOptions { mode, attributes: self.attributes.clone(), ..PutOptions::default() };
            let Err(error) = store.put_opts(&self.name, self.payload.clone(), options).await else { return Ok(()) };
            if self.replaces {
                return Err((self.path, error));
            }
            let (conditional, error) = match error {
                // From a run that was interrupted, or a request whose answer got lost.
                StoreError::AlreadyExists { source, .. } => (true, source),
                // The owner has said that the store cannot do it.
                error @ StoreError::NotImplemented { .. } => (false, error.into()),
                error if explain(&error).kind == Kind::Unheard && patience.is_left().await => continue,
                error => return Err((self.path, error)),
            };
            let path = self.name.to_string();
            match owner(&store, &self.name).await {
                Ok(Owner::Others) => return Err((self.path, StoreError::AlreadyExists { path, source: error })),
                // It has gone meanwhile, or another one is about to put it.
                Ok(Owner::Nobody) if conditional => {
                    if !patience.is_left().await {
                        return Err((self.path, StoreError::Precondition { path, source: error }));
                    }
                }
                Ok(Owner::Nobody | Owner::Feedmill) => self.replaces = true,
                Err(error) => return Err((self.path, error)),
            }
        }
    }
}

/// How often something is put under a condition where the answer gets lost, and how long is waited between.
struct Patience {
    left: u32,
    pause: Duration,
}

impl Patience {
    fn new(wish: &Wish) -> Self {
        Self { left: PUTS, pause: wish.pause }
    }

    /// Whether it is to be put again; then it is time to.
    async fn is_left(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        if self.left > 0 {
            tokio::time::sleep(self.pause).await;
            self.pause *= 2;
        }
        self.left > 0
    }
}

/// Deletes an object; one that may be of others only if it is not.
async fn delete(store: Arc<dyn ObjectStore>, path: String, name: Name, ours: bool) -> Result<(), (String, StoreError)> {
    if !ours {
        match owner(&store, &name).await {
            Ok(Owner::Feedmill) => {}
            Ok(Owner::Nobody | Owner::Others) => return Ok(()),
            Err(error) => return Err((path, error)),
        }
    }
    match store.delete(&name).await {
        Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
        Err(error) => Err((path, error)),
    }
}

/// Whose an object is.
enum Owner {
    Nobody,
    Feedmill,
    Others,
}

async fn owner(store: &Arc<dyn ObjectStore>, name: &Name) -> object_store::Result<Owner> {
    let options = object_store::GetOptions { head: true, ..object_store::GetOptions::default() };
    match store.get_opts(name, options).await {
        Ok(found) if found.attributes.get(&CHECKSUM).is_some() => Ok(Owner::Feedmill),
        Ok(_) => Ok(Owner::Others),
        Err(StoreError::NotFound { .. }) => Ok(Owner::Nobody),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt;
    use std::sync::Mutex;

    use futures::stream::BoxStream;
    use object_store::memory::InMemory;
    use object_store::{CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, PutMultipartOptions};
    use proptest::prelude::*;

    use super::super::wire::Unheard;
    use super::*;

    const OTHER: &str = "somebody else's";

    /// A store with which anything can happen: others get a turn before each request, and the one that is fatal is made or not, and
    /// then nothing is answered any more. The version of an object is made of its bytes, as with S3.
    #[derive(Clone, Debug)]
    struct Chaos {
        store: Arc<InMemory>,
        state: Arc<Mutex<State>>,
    }

    #[derive(Debug, Default)]
    struct State {
        requests: usize,
        fatal: Option<(usize, bool)>,
        seed: u64,
        names: Vec<String>,
    }

    impl fmt::Display for Chaos {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("chaos")
        }
    }

    /// What becomes of a request.
    enum Turn {
        Made,
        MadeUnheard,
        Lost,
    }

    impl Chaos {
        fn new(store: &Arc<InMemory>, fatal: Option<(usize, bool)>, seed: u64) -> Self {
            let state = State { fatal, seed, ..State::default() };
            Self { store: Arc::clone(store), state: Arc::new(Mutex::new(state)) }
        }

        /// Puts an object; a condition is about its bytes.
        async fn put(&self, name: &Name, payload: PutPayload, mut options: PutOptions) -> object_store::Result<PutResult> {
            let e_tag = Some(sha256(&payload.iter().flatten().copied().collect::<Vec<u8>>()));
            if let PutMode::Update(version) = &mut options.mode {
                let there = self.store.get(name).await?;
                let known = there.meta.e_tag.clone();
                let same = version.e_tag == Some(sha256(&there.bytes().await?));
                version.e_tag = if same { known } else { Some("of others".to_owned()) };
            }
            Ok(PutResult { e_tag, ..self.store.put_opts(name, payload, options).await? })
        }

        async fn get(&self, name: &Name, options: GetOptions) -> object_store::Result<GetResult> {
            let mut found = self.store.get_opts(name, options).await?;
            found.meta.e_tag = Some(sha256(&self.store.get(name).await?.bytes().await?));
            Ok(found)
        }

        async fn turn(&self, name: &str) -> Turn {
            let (turns, turn) = {
                let mut state = self.state.lock().expect("a state");
                state.requests += 1;
                state.names.push(name.to_owned());
                state.seed = state.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let turn = match state.fatal {
                    Some((fatal, made)) if state.requests == fatal => {
                        if made {
                            Turn::MadeUnheard
                        } else {
                            Turn::Lost
                        }
                    }
                    Some((fatal, _)) if state.requests > fatal => Turn::Lost,
                    _ => Turn::Made,
                };
                ((state.seed >> 60) as usize, turn)
            };
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            turn
        }
    }

    fn unheard() -> StoreError {
        StoreError::Generic { store: "chaos", source: Unheard::Broken.into() }
    }

    #[async_trait::async_trait]
    impl ObjectStore for Chaos {
        async fn put_opts(&self, name: &Name, payload: PutPayload, options: PutOptions) -> object_store::Result<PutResult> {
            match self.turn(name.as_ref()).await {
                Turn::Made => self.put(name, payload, options).await,
                Turn::MadeUnheard => self.put(name, payload, options).await.and(Err(unheard())),
                Turn::Lost => Err(unheard()),
            }
        }

        async fn get_opts(&self, name: &Name, options: GetOptions) -> object_store::Result<GetResult> {
            match self.turn(name.as_ref()).await {
                Turn::Made => self.get(name, options).await,
                _ => Err(unheard()),
            }
        }

        fn delete_stream(
            &self,
            names: BoxStream<'static, object_store::Result<Name>>,
        ) -> BoxStream<'static, object_store::Result<Name>> {
            self.store.delete_stream(names)
        }

        async fn put_multipart_opts(&self, _: &Name, _: PutMultipartOptions) -> object_store::Result<Box<dyn MultipartUpload>> {
            Err(StoreError::NotImplemented { operation: String::new(), implementer: String::new() })
        }

        fn list(&self, prefix: Option<&Name>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
            self.store.list(prefix)
        }

        async fn list_with_delimiter(&self, prefix: Option<&Name>) -> object_store::Result<ListResult> {
            self.store.list_with_delimiter(prefix).await
        }

        async fn copy_opts(&self, _: &Name, _: &Name, _: CopyOptions) -> object_store::Result<()> {
            Err(StoreError::NotImplemented { operation: String::new(), implementer: String::new() })
        }
    }

    /// An output folder, and its manifest.
    struct Output {
        folder: tempfile::TempDir,
        manifest: Manifest,
    }

    fn output(files: &BTreeMap<String, u8>) -> Output {
        let folder = tempfile::tempdir().expect("a folder");
        let mut manifest = Manifest { site: "site".into(), ..Manifest::default() };
        for (path, content) in files {
            let bytes = [b'#', *content];
            let file = folder.path().join(path);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(file, bytes).expect("a file");
            let content_type = if path.ends_with("html") { "text/html" } else { "application/rss+xml" };
            manifest.files.insert(
                path.clone(),
                File { sha256: sha256(&bytes), bytes: 2, content_type: content_type.into(), ..File::default() },
            );
        }
        Output { folder, manifest }
    }

    fn destination() -> Destination {
        Destination::parse("s3://bucket/feeds").expect("a destination")
    }

    async fn upload_as(run: &str, output: &Output, store: Chaos, delete_stale: bool) -> Result<Outcome, Failure> {
        let destination = destination();
        let wish = Wish {
            destination: &destination,
            out: output.folder.path(),
            output: &output.manifest,
            cache_control: "no-cache",
            delete_stale,
            adopt: false,
            dry_run: false,
            run,
            pause: Duration::ZERO,
        };
        upload(wish, Arc::new(store), &Progress::default()).await
    }

    /// The manifest at the destination, and the checksums of what lies there.
    async fn look(store: &Arc<InMemory>) -> (Remote, BTreeMap<String, String>) {
        use futures::TryStreamExt;
        let mut objects = BTreeMap::new();
        let mut remote = Remote::default();
        let metas: Vec<ObjectMeta> = store.list(None).try_collect().await.expect("objects");
        for meta in metas {
            let bytes = store.get(&meta.location).await.expect("an object").bytes().await.expect("bytes");
            let name = meta.location.as_ref().trim_start_matches("feeds/").to_owned();
            if name == manifest::FILE_NAME {
                remote = Remote::parse(&bytes).expect("a manifest");
            } else {
                objects.insert(name, sha256(&bytes));
            }
        }
        (remote, objects)
    }

    /// What the manifest of the destination says and nobody doubts, is so.
    fn agrees((remote, objects): &(Remote, BTreeMap<String, String>)) -> bool {
        let trusted = remote.manifest.files.iter().filter(|(path, _)| !remote.record.pending.contains(*path));
        let known: BTreeSet<&String> = remote.files().collect();
        trusted.clone().all(|(path, file)| objects.get(path) == Some(&file.sha256))
            && objects.iter().all(|(path, sha256)| known.contains(path) || *sha256 == self::sha256(OTHER.as_bytes()))
    }

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime").block_on(work)
    }

    fn files() -> impl Strategy<Value = BTreeMap<String, u8>> {
        let path = prop::sample::select(vec!["rss.xml", "a/rss.xml", "b/rss.xml", "c/rss.xml", "index.html", "a/index.html"]);
        prop::collection::btree_map(path.prop_map(str::to_owned), 0u8..3, 1..6)
    }

    proptest! {
        /// Whichever request is the last that is made: what the manifest says and does not doubt is so, and the next run makes all of
        /// it what it should be.
        #[test]
        fn what_is_interrupted_is_completed(
            before in files(), after in files(), next in files(), fatal in 1usize..24, made: bool, delete_stale: bool,
        ) {
            run(async {
                let store = Arc::new(InMemory::new());
                let (before, after, next) = (output(&before), output(&after), output(&next));
                upload_as("1", &before, Chaos::new(&store, None, 0), delete_stale).await.expect("the first");
                let _ = upload_as("2", &after, Chaos::new(&store, Some((fatal, made)), 0), delete_stale).await;
                let found = look(&store).await;
                prop_assert!(agrees(&found), "{found:?}");
                upload_as("3", &next, Chaos::new(&store, None, 0), delete_stale).await.expect("the next");
                let (remote, objects) = look(&store).await;
                prop_assert_eq!(&remote.record.pending, &BTreeSet::new());
                prop_assert_eq!(&remote.record.run, &None);
                for (path, file) in &next.manifest.files {
                    prop_assert_eq!(objects.get(path), Some(&file.sha256));
                }
                prop_assert_eq!(&remote.manifest, &next.manifest);
                if delete_stale {
                    prop_assert_eq!(objects.len(), next.manifest.files.len());
                }
                prop_assert!(agrees(&(remote, objects)));
                Ok(())
            })?;
        }

        /// However the requests of two runs fall: in the end the destination is what one of them published, or says itself what
        /// cannot be trusted, and one of them has said so.
        #[test]
        fn two_at_once_do_not_mix(before in files(), one in files(), other in files(), seeds: (u64, u64)) {
            two_at_once(&before, &one, &other, seeds)?;
        }
    }

    fn two_at_once(
        before: &BTreeMap<String, u8>,
        one: &BTreeMap<String, u8>,
        other: &BTreeMap<String, u8>,
        seeds: (u64, u64),
    ) -> Result<(), TestCaseError> {
        run(async {
            let store = Arc::new(InMemory::new());
            let (before, one, other) = (output(before), output(one), output(other));
            upload_as("0", &before, Chaos::new(&store, None, 0), false).await.expect("the first");
            let (first, second) = tokio::join!(
                upload_as("1", &one, Chaos::new(&store, None, seeds.0), false),
                upload_as("2", &other, Chaos::new(&store, None, seeds.1), false),
            );
            let found = look(&store).await;
            prop_assert!(agrees(&found), "{found:?}");
            let overtaken = [&first, &second].iter().filter(|outcome| matches!(outcome, Err(Failure::Overtaken))).count();
            prop_assert_eq!([&first, &second].iter().filter(|outcome| outcome.is_err()).count(), overtaken);
            if found.0.record.pending.is_empty() {
                prop_assert!(found.0.manifest == one.manifest || found.0.manifest == other.manifest);
            } else {
                prop_assert!(overtaken > 0);
            }
            upload_as("3", &one, Chaos::new(&store, None, 0), false).await.expect("the next");
            let (remote, objects) = look(&store).await;
            prop_assert_eq!(&remote.manifest, &one.manifest);
            prop_assert!(agrees(&(remote, objects)));
            Ok(())
        })
    }

    /// The first one gives way to the second, which knows already of all that the first one may have changed.
    #[test]
    fn who_gives_way_is_noticed_though_there_is_nothing_new_to_say() {
        let files = |files: &[(&str, u8)]| files.iter().map(|&(path, content)| (path.to_owned(), content)).collect();
        let before = files(&[("a/index.html", 0), ("b/rss.xml", 0)]);
        let one = files(&[("a/index.html", 0), ("index.html", 0)]);
        let other = files(&[("a/index.html", 1), ("index.html", 0), ("rss.xml", 0)]);
        two_at_once(&before, &one, &other, (16_613_707_737_953_428_843, 14_083_457_126_784_403_770)).expect("no mixture");
    }

    #[test]
    fn feeds_go_first_the_manifest_last_and_nothing_twice() {
        let files = [("index.html", 1), ("a/rss.xml", 1), ("rss.xml", 1), ("assets/style.css", 1)];
        let files: BTreeMap<String, u8> = files.map(|(path, content)| (path.to_owned(), content)).into();
        run(async {
            let store = Arc::new(InMemory::new());
            let chaos = Chaos::new(&store, None, 0);
            upload_as("1", &output(&files), chaos.clone(), false).await.expect("a delivery");
            let names = std::mem::take(&mut chaos.state.lock().expect("a state").names);
            assert_eq!(
                (&names[..2], &names[5..]),
                (
                    &["feeds/feedmill.json"; 2].map(str::to_owned)[..],
                    &["feeds/index.html".to_owned(), "feeds/feedmill.json".to_owned(),][..]
                )
            );
            upload_as("2", &output(&files), chaos.clone(), false).await.expect("a delivery");
            assert_eq!(chaos.state.lock().expect("a state").names, ["feeds/feedmill.json"]);
        });
    }

    #[test]
    fn what_others_put_there_stays_unless_it_is_adopted() {
        let files: BTreeMap<String, u8> = [("rss.xml".to_owned(), 1)].into();
        run(async {
            let store = Arc::new(InMemory::new());
            store.put(&Name::from("feeds/rss.xml"), PutPayload::from(OTHER)).await.expect("an object");
            let outcome = upload_as("1", &output(&files), Chaos::new(&store, None, 0), false).await;
            let expected = Failure::Store(
                "s3://bucket/feeds/rss.xml".into(),
                Trouble::new(
                    "there is an object that feedmill did not put there, and it is not replaced",
                    "take it away, choose another destination, or let it be replaced with `--adopt`",
                ),
            );
            assert_eq!(outcome.map(|_| ()), Err(expected.clone()));
            // That it was about to be replaced does not make it ours.
            let outcome = upload_as("2", &output(&files), Chaos::new(&store, None, 0), false).await;
            assert_eq!(outcome.map(|_| ()), Err(expected));
            let none = output(&BTreeMap::from([("a/rss.xml".to_owned(), 1)]));
            upload_as("3", &none, Chaos::new(&store, None, 0), true).await.expect("a delivery");
            let (_, objects) = look(&store).await;
            assert_eq!(objects["rss.xml"], sha256(OTHER.as_bytes()));
        });
    }

    #[test]
    fn a_file_that_is_not_as_it_was_written_stops_all() {
        let files: BTreeMap<String, u8> = [("a/rss.xml".to_owned(), 1), ("rss.xml".to_owned(), 1)].into();
        run(async {
            let store = Arc::new(InMemory::new());
            let output = output(&files);
            std::fs::write(output.folder.path().join("rss.xml"), "edited").expect("a file");
            let outcome = upload_as("1", &output, Chaos::new(&store, None, 0), false).await;
            let message = "this file is not as feedmill wrote it, and is not published";
            assert!(matches!(outcome, Err(Failure::File(path, said, _)) if path.ends_with("rss.xml") && said == message));
            assert_eq!(look(&store).await, (Remote::default(), BTreeMap::new()));
        });
    }
}
