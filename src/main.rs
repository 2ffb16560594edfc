//! The program `feedmill`: arguments in, printing, exit status. The only place that prints, and that asks the time.

use std::io::{ErrorKind, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use clap::builder::Resettable;
use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches};
use feedmill::cache::told::Told;
use feedmill::deliver::hub;
use feedmill::destination::Destination;
use feedmill::error::{Diagnostic, Error, FolderError, Severity, help_line, safe, shown};
use feedmill::group::Clock;
use feedmill::link::Link;
use feedmill::publish::Folder;
use feedmill::report::feeds::Tense;
use feedmill::report::{Changes, Delivered, FeedChange, Report, addresses, feeds, json, topics as topic_list};
use feedmill::site::{self, Overrides, Site, SiteError};
use feedmill::{Action, Progress, Request, aside, build, deliver, explain, manifest, overview, read, run_name};

mod cli;

use cli::{Build, Check, Cli, Command, Common, Explain, Output, Ping, Place, Publish, Topics};

/// `check`, or a strict `build`, found errors.
const FOUND_ERRORS: u8 = 1;
/// The run failed.
const FAILED: u8 = 2;
/// Another run is at work in the output folder, or at the destination.
const BUSY: u8 = 3;

/// The variable that says where the output folder is served.
const BASE_URL: &str = "FEEDMILL_BASE_URL";

fn main() -> ExitCode {
    let outcome = match command() {
        Command::Init(init) => self::init(&init.folder),
        Command::Schema => print_whole(site::SCHEMA).map(|()| 0),
        Command::Check(check) => run(&check.common, &Run { action: Action::Check, ..Run::default() }),
        Command::Build(build) => {
            let action = if build.dry_run { Action::DryRun } else { Action::Publish };
            let overrides = overrides(&build.output);
            let preview = build.include_unpublished;
            let Build { strict, adopt, force, wait, changed, publish, delete_stale, no_ping, .. } = build;
            let run = Run { action, overrides, preview, strict, adopt, force, wait, changed, publish, delete_stale, no_ping };
            self::run(&build.common, &run)
        }
        Command::Publish(publish) => self::publish(&publish),
        Command::Topics(asked) => topics(&asked),
        Command::Explain(asked) => explain(&asked),
        Command::Ping(asked) => ping(&asked),
    };
    ExitCode::from(outcome.unwrap_or_else(|stop| {
        stop.say(false);
        stop.status
    }))
}

/// What is asked, on the command line and by variables. One that is empty is as good as none.
fn command() -> Command {
    let is_empty = |variable: &std::ffi::OsStr| std::env::var_os(variable).is_some_and(|value| value.is_empty());
    let known = Cli::command().mut_subcommands(|command| {
        command.mut_args(|arg| if arg.get_env().is_some_and(is_empty) { arg.env(Resettable::Reset) } else { arg })
    });
    let matches = known.get_matches();
    let mut command = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()).command;
    let by_variable =
        |name| matches.subcommand().is_some_and(|(_, given)| given.value_source(name) == Some(ValueSource::EnvVariable));
    if let Command::Build(Build { common, .. }) | Command::Check(Check { common }) = &mut command {
        common.now_by_variable = by_variable("now");
    }
    if let Command::Build(Build { output, .. }) | Command::Publish(Publish { output, .. }) | Command::Ping(Ping { output, .. }) =
        &mut command
    {
        output.base_url_by_variable = by_variable("base_url");
    }
    command
}

/// What sets one run apart from another, besides what every run takes.
#[allow(clippy::struct_excessive_bools)] // switches that the user may throw
struct Run {
    action: Action,
    overrides: Overrides,
    preview: bool,
    strict: bool,
    adopt: bool,
    force: bool,
    wait: bool,
    /// Where the addresses go that answer otherwise than before.
    changed: Option<PathBuf>,
    /// Whether the output is published then, and where to; empty if that is known otherwise.
    publish: Option<String>,
    /// Whether objects go then whose files are no longer part of the output.
    delete_stale: bool,
    no_ping: bool,
}

impl Default for Run {
    fn default() -> Self {
        let (preview, strict, adopt, force, wait) = Default::default();
        let overrides = Overrides::default();
        Self {
            action: Action::Check,
            overrides,
            preview,
            strict,
            adopt,
            force,
            wait,
            changed: None,
            publish: None,
            delete_stale: false,
            no_ping: false,
        }
    }
}

/// What ends the program before its time: what is said, and the same for a report.
struct Stop {
    said: String,
    // It is large, and there is seldom one.
    finding: Box<Diagnostic>,
    status: u8,
}

impl Stop {
    /// Something is wrong with what was asked.
    fn new(message: &str, help: &str) -> Self {
        let finding = Box::new(Diagnostic::of_file(Severity::Error, "", message, help));
        Self { said: format!("{message}{}", help_line(help)), finding, status: FAILED }
    }

    /// Prints it; an annotation goes where standard output is free for it.
    fn say(&self, standard_output_is_taken: bool) {
        say_error(&format!("feedmill: {}", self.said));
        if under_github_actions() {
            tell(standard_output_is_taken, &format!("::error::{}", escaped(&self.said)));
        }
    }
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        let error = error.into();
        let status = if matches!(error, Error::Busy { .. } | Error::Overtaken { .. }) { BUSY } else { FAILED };
        Self { said: error.to_string(), finding: Box::new(error.diagnostic()), status }
    }
}

/// What a run came to know before it did anything.
#[derive(Default)]
struct Known {
    now: Option<DateTime<Utc>>,
    out: Option<PathBuf>,
    base_url: Option<Link>,
}

/// What a run leaves for other programs, and how much it prints.
struct Leaves<'a> {
    report: Option<&'a Path>,
    changed: Option<&'a Path>,
    quiet: bool,
    verbose: bool,
    dry: bool,
}

impl Leaves<'_> {
    /// Whether standard output belongs to another program, so that what is for people goes to standard error.
    fn take_standard_output(&self) -> bool {
        self.files().any(is_standard_output)
    }

    /// The files that it leaves.
    fn files(&self) -> impl Iterator<Item = &Path> {
        [self.report, self.changed].into_iter().flatten()
    }

    /// Refuses to leave them where something else lies.
    fn spare(&self, articles: &[PathBuf], site_file: Option<&Path>, site: Option<&(Site, Vec<PathBuf>)>) -> Result<(), Stop> {
        self.files().try_for_each(|file| spare(file, articles, site_file, site))
    }

    /// Does the work, and leaves what programs are to have of it. Gives the exit status.
    fn after(&self, action: &str, work: impl FnOnce(&mut Known) -> Result<(Report, u8), Stop>) -> Result<u8, Stop> {
        let begun = Instant::now();
        if self.report.is_some() && self.report == self.changed {
            return Err(Stop::new("`--report` and `--changed` name one file", "give each a file of its own"));
        }
        let taken = self.take_standard_output();
        let mut known = Known::default();
        let (mut report, mut status) = work(&mut known).unwrap_or_else(|stop| {
            stop.say(taken);
            (Report { diagnostics: vec![*stop.finding], ..Report::default() }, stop.status)
        });
        if let Some(file) = self.changed {
            // Readers fetch what is at the destination, if there is one.
            let changes = report.delivery.as_ref().map_or(&report.changes, |delivered| &delivered.changes);
            // A run that failed before it knew the address changed nothing.
            let text = known.base_url.as_ref().map(|base_url| addresses::changed(changes, base_url));
            if let Err(stop) = leave(file, &text.unwrap_or_default(), &known, &report.changes) {
                stop.say(taken);
                status = status.max(stop.status);
                report.diagnostics.push(*stop.finding);
            }
        }
        if let Some(file) = self.report {
            let (now, out, base_url) = (known.now, known.out.as_deref(), known.base_url.as_ref());
            let text = json::render(&report, &json::Facts { action, status, now, took: begun.elapsed(), out, base_url });
            if let Err(stop) = leave(file, &text, &known, &report.changes) {
                stop.say(taken);
                status = status.max(stop.status);
            }
        }
        Ok(status)
    }
}

/// A run over articles, from end to end.
fn run(common: &Common, run: &Run) -> Result<u8, Stop> {
    let action = match run.action {
        Action::Check => "check",
        Action::DryRun => "dry-run",
        Action::Publish => "build",
    };
    let leaves = Leaves {
        report: common.report.as_deref(),
        changed: run.changed.as_deref(),
        quiet: common.quiet,
        verbose: common.verbose,
        dry: run.action == Action::DryRun,
    };
    let (file, site) = read_by(site_file_of(&common.place), |file| site(&common.place, file, &run.overrides));
    leaves.spare(&common.place.articles, file.as_deref(), site.as_ref().ok())?;
    leaves.after(action, |known| {
        let (site, articles) = site?;
        // What cannot be published is better known before anything is built.
        let destination = run.publish.as_deref().map(|given| destination(Some(given).filter(|given| !given.is_empty()), &site));
        let destination = destination.transpose()?;
        let mut report = carry_out(common, run, &site, &articles, &leaves, known)?;
        let status = status_of(&report, run);
        if let (0, Some((destination, _))) = (status, destination) {
            let Run { delete_stale, adopt, wait, no_ping: silent, .. } = *run;
            let wishes = Wishes { delete_stale, adopt, wait, silent, ..Wishes::default() };
            if let Err(stop) = deliver(&site, &destination, wishes, &leaves, &mut report) {
                // What was built is told all the same.
                stop.say(leaves.take_standard_output());
                report.diagnostics.push(*stop.finding);
                return Ok((report, stop.status));
            }
        }
        Ok((report, status))
    })
}

/// The exit status of a run that came to its end.
fn status_of(report: &Report, run: &Run) -> u8 {
    match report {
        report if report.failed => FAILED,
        report if report.has_errors() && (run.action == Action::Check || run.strict) => FOUND_ERRORS,
        _ => 0,
    }
}

/// Publishes what was built before.
fn publish(publish: &Publish) -> Result<u8, Stop> {
    let leaves = Leaves {
        report: publish.report.as_deref(),
        changed: publish.changed.as_deref(),
        quiet: publish.quiet,
        verbose: publish.verbose,
        dry: publish.dry_run,
    };
    let found = publish.site.clone().map_or_else(|| Site::find(Path::new(".")), |named| Ok(Some(named)));
    let (file, site) = read_by(found, |file| named_site(file, &publish.output));
    leaves.spare(&[], file.as_deref(), site.as_ref().ok())?;
    leaves.after("publish", |known| {
        let (site, _) = site?;
        known.out = Some(site.out.clone());
        known.base_url = Some(site.base_url.clone());
        let (destination, named) = destination(publish.destination.as_deref(), &site)?;
        let Publish { dry_run, delete_stale, adopt, wait, .. } = *publish;
        let wishes = Wishes { dry_run, delete_stale, adopt, preview: named, wait, silent: publish.no_ping };
        let mut report = Report::default();
        deliver(&site, &destination, wishes, &leaves, &mut report)?;
        Ok((report, 0))
    })
}

/// Where the output goes, and whether the command line says so.
fn destination(given: Option<&str>, site: &Site) -> Result<(Destination, bool), Stop> {
    const VARIABLE: &str = "FEEDMILL_DESTINATION";
    let variable = std::env::var(VARIABLE).ok().filter(|value| !value.is_empty());
    let (text, named, place) = match (given, &variable) {
        (Some(given), _) => (given, true, "the destination"),
        (None, Some(variable)) => (variable.as_str(), false, VARIABLE),
        (None, None) => {
            let known = site.destination.clone().map(|destination| (destination, false));
            let help = "write `feedmill publish s3://BUCKET/FOLDER`, or set `destination` in the site file";
            return known.ok_or_else(|| Stop::new("where are the feeds to be published?", help));
        }
    };
    let destination = Destination::parse(text).map_err(|why| Stop::new(&format!("{place} {why}"), Destination::HELP))?;
    Ok((destination, named))
}

/// What a delivery is wished to do, or not to.
#[derive(Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools)] // switches that the user may throw
struct Wishes {
    dry_run: bool,
    delete_stale: bool,
    adopt: bool,
    preview: bool,
    wait: bool,
    /// No hub is told.
    silent: bool,
}

/// Brings the output to its destination, tells the hub, and prints what was done.
fn deliver(site: &Site, destination: &Destination, wishes: Wishes, leaves: &Leaves, report: &mut Report) -> Result<(), Stop> {
    let progress = Progress::default();
    let run = uuid::Uuid::new_v4().to_string();
    let Wishes { dry_run, delete_stale, adopt, preview, wait, silent } = wishes;
    let request =
        deliver::Request { site, destination, dry_run, delete_stale, adopt, preview, wait, run: &run, progress: &progress };
    let delivered = watched(&progress, "files sent", leaves.quiet, || deliver::publish(&request))?;
    let taken = leaves.take_standard_output();
    let Delivered { changes, left, feeds, bytes, .. } = &delivered;
    if leaves.verbose || leaves.dry {
        let verbs = if leaves.dry { ["would send", "would delete"] } else { ["sent", "deleted"] };
        for (verb, paths) in verbs.into_iter().zip([&changes.written, &changes.removed]) {
            for path in paths {
                tell(taken, &format!("{verb} {}", destination.address(path)));
            }
        }
        for feed in feeds {
            tell_feed(feed, &destination.address(feed.folder()), leaves.dry, taken);
        }
    }
    if (is_watched(taken) || leaves.verbose) && !leaves.quiet {
        let (sent, unchanged) = (plural(changes.written.len(), "file"), changes.unchanged.len());
        let would = if leaves.dry { "would be " } else { "" };
        let volume = if leaves.dry { String::new() } else { format!(" ({} KiB)", bytes.div_ceil(1024)) };
        let mut line = format!("{destination}: {sent} {would}sent{volume}, {unchanged} unchanged");
        if !changes.removed.is_empty() {
            line = format!("{line}, {} {would}deleted", changes.removed.len());
        }
        if !left.is_empty() {
            line = format!("{line}; {} no longer published, which --delete-stale deletes", plural(left.len(), "file"));
        }
        tell(taken, &line);
    }
    let published = Folder::open(&site.out)?.published;
    if !silent && !published.preview {
        let topics = hub::topics(&addresses::changed(changes, &site.base_url), site, Some(&published));
        if !topics.is_empty() {
            tell_hub(site, &topics, leaves, report);
        }
    }
    report.delivery = Some(delivered);
    Ok(())
}

/// What a run asks that only looks.
fn looking<'a>(articles: &'a [PathBuf], site: &'a Site, now: DateTime<Utc>, progress: &'a Progress) -> Request<'a> {
    Request {
        articles,
        site,
        clock: Clock { now, preview: false },
        action: Action::Check,
        strict: false,
        adopt: false,
        force: false,
        wait: false,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        progress,
        program: program(),
        cache: None,
    }
}

/// Lists the topics, and says which may be one; or writes their folders into the site file.
fn topics(asked: &Topics) -> Result<u8, Stop> {
    let Topics { place, output, pin, quiet, .. } = asked;
    let site_file = site_file_of(place)?;
    let (site, articles) = site(place, site_file.as_deref(), &overrides(output))?;
    let progress = Progress::default();
    let request = looking(&articles, &site, now(asked.now.as_ref(), false, &site)?, &progress);
    let survey = watched(&progress, "files read", *quiet, || feedmill::look(&request))?;
    if !pin {
        let rows = overview::rows(&survey, &site);
        if !quiet {
            for line in topic_list::lines(&rows) {
                say(&line);
            }
        }
        let advice = overview::advice(&survey, &site, &rows);
        say_findings(&advice, least(*quiet, false), None, true, false);
        return Ok(0);
    }
    let Some(file) = site.file.as_deref() else {
        return Err(Stop::new("there is no site file to write the folders into", "`feedmill init` writes one"));
    };
    let slugs = overview::slugs(&survey);
    let pinned = site::pin::file(file, &slugs, &overrides(output))?;
    if let Some(text) = &pinned {
        aside::write(file, text)?;
    }
    if !quiet {
        let count = plural(slugs.len(), "topic");
        match pinned {
            Some(_) => say(&format!("wrote the folders of {count} into {}", shown(file))),
            None => say(&format!("the folders of {count} stand in {} already", shown(file))),
        }
    }
    Ok(0)
}

/// Says why a story is in a feed, or is not.
fn explain(asked: &Explain) -> Result<u8, Stop> {
    let Explain { place, output, json, verbose, .. } = asked;
    // The folder of the file is as good a start as any to find the site file.
    let file = Path::new(&asked.asked);
    let beside = place.site.is_none() && place.articles.is_empty() && file.is_file();
    let folder = file.parent().filter(|folder| beside && !folder.as_os_str().is_empty());
    let near = folder.map(Site::find).transpose()?.flatten();
    let site_file = near.map_or_else(|| site_file_of(place), |near| Ok(Some(near)))?;
    let (site, articles) = site(place, site_file.as_deref(), &overrides(output))?;
    let progress = Progress::default();
    let request = looking(&articles, &site, now(asked.now.as_ref(), false, &site)?, &progress);
    let found = watched(&progress, "files read", *json, || explain::explain(&request, &asked.asked))?;
    let Some(explanation) = found else {
        let message = format!("nothing is known of {}", safe(&asked.asked));
        let help = "write an address of the story as an article or a related link has it, the id of an entry, or a file below \
                    the folder of articles";
        return Err(Stop::new(&message, help));
    };
    if *json {
        let _ = write!(std::io::stdout().lock(), "{}", explain::render(&explanation));
    } else {
        for line in explain::lines(&explanation, &site.out, *verbose) {
            say(&line);
        }
    }
    Ok(0)
}

/// Tells the hub of the feeds that changed. What it does not take is no failure.
fn ping(asked: &Ping) -> Result<u8, Stop> {
    if asked.report.as_ref() == Some(&asked.changed) && !is_standard_output(&asked.changed) {
        return Err(Stop::new("`--report` and `--changed` name one file", "give each a file of its own"));
    }
    let report = asked.report.as_deref();
    let Ping { quiet, verbose, dry_run: dry, .. } = *asked;
    let leaves = Leaves { report, changed: None, quiet, verbose, dry };
    let (file, site) = read_by(site_file_of(&asked.place), |file| named_site(file, &asked.output));
    leaves.spare(&asked.place.articles, file.as_deref(), site.as_ref().ok())?;
    leaves.after("ping", |known| Ok((announce(asked, &site?.0, &leaves, known)?, 0)))
}

/// Finds what is to be announced, tells the hub, and prints.
fn announce(asked: &Ping, site: &Site, leaves: &Leaves, known: &mut Known) -> Result<Report, Stop> {
    let taken = leaves.take_standard_output();
    if !hub::BUILT {
        return Err(Stop::new(hub::NOT_BUILT, hub::BUILD_IT));
    }
    known.out = Some(site.out.clone());
    known.base_url = Some(site.base_url.clone());
    if site.hub.is_none() {
        return Err(Stop::new("the site has no hub", "add a line such as `hub: https://hub.example.org/` to the site file"));
    }
    let folder = Folder::open(&site.out)?;
    if folder.published.preview {
        let help = "name the folder with the feeds for the public with `--out`";
        return Err(FolderError::new(&site.out, "these feeds are a preview, which is not announced", help).into());
    }
    let changed = if is_standard_output(&asked.changed) {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes);
        aside::text(read).map_err(|message| Stop::new(&format!("standard input {message}"), ""))?
    } else {
        aside::read(&asked.changed)?
    };
    let topics = hub::topics(&changed, site, folder.used.then_some(&folder.published));
    let mut report = Report::default();
    report.diagnostics.extend(hub::of_another_place(&changed, site, &shown(&asked.changed)));
    say_findings(&report.diagnostics, least(asked.quiet, asked.verbose), None, true, taken);
    tell_hub(site, &topics, leaves, &mut report);
    Ok(report)
}

/// Tells the hub of the site, if it has one, of what has changed, and prints.
fn tell_hub(site: &Site, topics: &[Link], leaves: &Leaves, report: &mut Report) {
    let Some(hub) = &site.hub else { return };
    let taken = leaves.take_standard_output();
    if leaves.dry {
        for topic in topics {
            tell(taken, &format!("would tell {hub} of {topic}"));
        }
        return;
    }
    report.pings = hub::ping(hub, topics);
    let file = site.file.as_deref().unwrap_or(Path::new(site::FILE_NAME));
    let findings = hub::findings(hub, &report.pings, file);
    say_findings(&findings, least(leaves.quiet, leaves.verbose), None, true, taken);
    report.diagnostics.extend(findings);
    let told: Vec<_> = report.pings.iter().filter(|ping| ping.failure.is_none()).collect();
    if leaves.verbose {
        for ping in &told {
            tell(taken, &format!("told {hub} of {}", ping.topic));
        }
    }
    if (is_watched(taken) || leaves.verbose) && !leaves.quiet {
        let all = plural(topics.len(), "feed document");
        let of_all = if told.len() == topics.len() { all } else { format!("{} of {all}", told.len()) };
        tell(taken, &format!("{} told of {of_all}", hub.authority()));
    }
}

/// The site that a file tells of, and where its articles are if it says so.
fn named_site(file: Option<&Path>, output: &Output) -> Result<(Site, Vec<PathBuf>), Stop> {
    let site = Site::load(file, &overrides(output))?;
    let articles = site.articles.clone();
    Ok((site, articles))
}

fn overrides(output: &Output) -> Overrides {
    let Output { base_url, base_url_by_variable, out } = output.clone();
    Overrides { base_url, base_url_by_variable, out }
}

/// The least severity that is printed.
fn least(quiet: bool, verbose: bool) -> Severity {
    match (quiet, verbose) {
        (true, _) => Severity::Error,
        (false, false) => Severity::Warning,
        (false, true) => Severity::Note,
    }
}

/// Whether somebody sees what is printed for people.
fn is_watched(taken: bool) -> bool {
    if taken { std::io::stderr().is_terminal() } else { std::io::stdout().is_terminal() }
}

fn is_standard_output(file: &Path) -> bool {
    file == Path::new("-")
}

/// Prints a text for other programs, as it is: half of it would mislead them.
fn print_whole(text: &str) -> Result<(), Stop> {
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Stop::new(&format!("standard output cannot be written: {error}"), ""))
        }
        _ => Ok(()),
    }
}

/// Leaves a text for other programs in a file, or on standard output.
fn leave(file: &Path, text: &str, known: &Known, changes: &Changes) -> Result<(), Stop> {
    if is_standard_output(file) {
        return print_whole(text);
    }
    if known.out.as_deref().is_some_and(|out| is_published(file, out, changes)) {
        return Err(not_written_over(file, PUBLISHED));
    }
    Ok(aside::write(file, text)?)
}

/// Refuses to put what is for other programs in the place of the site file, of an article, or of what is published: what is
/// there already would be lost, and is not feedmill's to lose. `site` is what the site file says, if it can be read.
fn spare(file: &Path, given: &[PathBuf], site_file: Option<&Path>, site: Option<&(Site, Vec<PathBuf>)>) -> Result<(), Stop> {
    let Ok(place) = file.canonicalize() else { return Ok(()) };
    if is_standard_output(file) {
        return Ok(());
    }
    let real = |path: &Path| path.canonicalize().ok();
    if site_file.and_then(real).is_some_and(|site_file| site_file == place) {
        return Err(not_written_over(file, "this is the site file, and it is not written over"));
    }
    if site.is_some_and(|(site, _)| is_published(file, &site.out, &Changes::default())) {
        return Err(not_written_over(file, PUBLISHED));
    }
    let folders = site.map_or_else(|| articles(given, site_file, &[]), |(_, folders)| folders.clone());
    if folders.iter().any(|folder| real(folder).is_some_and(|folder| place.starts_with(folder))) && !aside::is_left(file) {
        let message = "this file is among the articles and nothing that feedmill left there, and it is not written over";
        return Err(not_written_over(file, message));
    }
    Ok(())
}

const PUBLISHED: &str = "this file is published, and is not written over";

fn not_written_over(file: &Path, why: &str) -> Stop {
    FolderError::new(file, why, "name another file").into()
}

/// Whether a file of that name is one that feedmill publishes.
fn is_published(file: &Path, out: &Path, changes: &Changes) -> bool {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (Ok(folder), Ok(root), Some(name)) = (folder.canonicalize(), out.canonicalize(), file.file_name()) else {
        return false;
    };
    let Ok(below) = folder.strip_prefix(root) else { return false };
    let path = below.join(name).to_string_lossy().replace('\\', "/");
    path == manifest::FILE_NAME
        || [&changes.written, &changes.unchanged].into_iter().any(|paths| paths.contains(&path))
        || Folder::open(out).is_ok_and(|folder| folder.published.files.contains_key(&path))
}

/// Reads, publishes and prints; what is known before anything is done stands in `known` then.
fn carry_out(
    common: &Common,
    run: &Run,
    site: &Site,
    articles: &[PathBuf],
    leaves: &Leaves,
    known: &mut Known,
) -> Result<Report, Stop> {
    known.out = Some(site.out.clone());
    known.base_url = Some(site.base_url.clone());
    if run.preview && run.overrides.out.is_none() {
        return Err(Stop::new("`--include-unpublished` wants an output folder of its own", "add `--out preview`"));
    }
    let now = now(common.now.as_ref(), common.now_by_variable, site)?;
    known.now = Some(now);
    let progress = Progress::default();
    let cache = if common.no_cache { None } else { cache_folder() };
    let request = Request {
        articles,
        site,
        clock: Clock { now, preview: run.preview },
        action: run.action,
        strict: run.strict,
        adopt: run.adopt,
        force: run.force,
        wait: run.wait,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        progress: &progress,
        program: program(),
        cache: cache.as_deref(),
    };
    let mut report = watched(&progress, "files read", common.quiet, || build(&request))?;
    if status_of(&report, run) == 0 {
        report.diagnostics.extend(without_address(&request));
        report.diagnostics.sort_by(Diagnostic::order);
    }
    print(&report, common, run, &request, leaves);
    Ok(report)
}

/// That feeds go out with addresses that lead nowhere: whoever has not been told does not see it before a subscriber does. A
/// preview is for this machine.
fn without_address(request: &Request) -> Option<Diagnostic> {
    let site = request.site;
    // A check takes no address; the variable is for the builds.
    let by_variable = request.action == Action::Check && std::env::var_os(BASE_URL).is_some_and(|value| !value.is_empty());
    if site.base_url_given || by_variable || request.clock.preview {
        return None;
    }
    let message = format!("`base_url` is not set, and every address of the feeds begins with {}", site::DEFAULT_BASE_URL);
    let help = format!(
        "write in {} where the output folder is served (`feedmill init` writes one), or give `build` a `--base-url`",
        site::FILE_NAME
    );
    let file = site.file.as_deref().unwrap_or(Path::new(site::FILE_NAME));
    Some(Diagnostic::of_file(Severity::Warning, &shown(file), message, help))
}

/// The folders to read: those of the command line, else those that the site file names, else its own.
fn articles(given: &[PathBuf], file: Option<&Path>, named: &[PathBuf]) -> Vec<PathBuf> {
    if !given.is_empty() {
        return given.to_vec();
    }
    if !named.is_empty() {
        return named.to_vec();
    }
    let folder = file.and_then(Path::parent).unwrap_or(Path::new("."));
    vec![if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() }]
}

/// The site, and the folders to read.
fn site(place: &Place, file: Option<&Path>, overrides: &Overrides) -> Result<(Site, Vec<PathBuf>), Stop> {
    if place.articles.is_empty() && file.is_none() {
        let help = "write `feedmill build FOLDER`, or name it in a site file (`feedmill init` writes one)";
        return Err(Stop::new("which folder holds the articles?", help));
    }
    let site = Site::load(file, overrides)?;
    let articles = articles(&place.articles, file, &site.articles);
    Ok((site, articles))
}

/// The site file: the one that is named, else the one that the articles lie with; there need not be one.
fn site_file_of(place: &Place) -> Result<Option<PathBuf>, SiteError> {
    let start = place.articles.first().map_or(Path::new("."), PathBuf::as_path);
    let folder = if start.is_file() { start.parent().unwrap_or(start) } else { start };
    place.site.clone().map_or_else(|| Site::find(folder), |named| Ok(Some(named)))
}

/// The site file and what is read of it; that it cannot be seen is told where what it says would be.
fn read_by<T>(
    found: Result<Option<PathBuf>, SiteError>,
    read: impl FnOnce(Option<&Path>) -> Result<T, Stop>,
) -> (Option<PathBuf>, Result<T, Stop>) {
    match found {
        Ok(file) => {
            let site = read(file.as_deref());
            (file, site)
        }
        Err(error) => (None, Err(error.into())),
    }
}

/// Where states of runs are kept (XDG Base Directory Specification); nowhere for a user without a home.
fn cache_folder() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache"))).map(|folder| folder.join("feedmill"))
}

/// What tells this program from another build of it, as of two commits of one version: 0 if the system does not say.
fn program() -> u64 {
    let stamp = |path: PathBuf| {
        let metadata = path.metadata().ok()?;
        Some(feedmill::stamp::of(path.parent()?, path.file_name()?, &metadata))
    };
    std::env::current_exe().ok().and_then(stamp).unwrap_or(0)
}

/// A bare number that is a time: from 2001 to the year 9999. A shorter one is a year, and a longer one is of milliseconds.
const SECONDS: std::ops::RangeInclusive<i64> = 1_000_000_000..=253_402_300_799;

/// The run's one reading of the clock.
fn now(given: Option<&String>, by_variable: bool, site: &Site) -> Result<DateTime<Utc>, Stop> {
    if let Some(given) = given {
        let seconds = given.parse().ok().filter(|seconds| SECONDS.contains(seconds));
        let name = if by_variable { "FEEDMILL_NOW" } else { "--now" };
        return seconds
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
            .or_else(|| read::date::parse(given, site.zone))
            .ok_or_else(|| Stop::new(&format!("`{name}` is not a time that can be read"), "write it like 2020-11-20T12:00:00Z"));
    }
    match std::env::var("SOURCE_DATE_EPOCH") {
        Err(_) => Ok(Utc::now()),
        Ok(given) => given.trim().parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)).ok_or_else(|| {
            let message = "SOURCE_DATE_EPOCH is not a number of seconds since 1970";
            Stop::new(message, "unset it, or write seconds such as 1605880800")
        }),
    }
}

/// Runs, with a progress bar on a terminal if it takes long.
fn watched<T>(progress: &Progress, what: &str, quiet: bool, work: impl FnOnce() -> T) -> T {
    if quiet || !std::io::stderr().is_terminal() {
        return work();
    }
    let (done, waits) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        // Where there can be no thread there is no bar.
        let _ = std::thread::Builder::new().spawn_scoped(scope, move || {
            let long = waits
                .recv_timeout(Duration::from_millis(700))
                .is_err_and(|stop| stop == std::sync::mpsc::RecvTimeoutError::Timeout);
            if !long {
                return;
            }
            let style = indicatif::ProgressStyle::with_template(&format!("{{bar:40}} {{pos}}/{{len}} {what}, {{elapsed}}"));
            let bar =
                indicatif::ProgressBar::new(0).with_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()));
            while waits
                .recv_timeout(Duration::from_millis(100))
                .is_err_and(|stop| stop == std::sync::mpsc::RecvTimeoutError::Timeout)
            {
                bar.set_length(progress.files.load(Ordering::Relaxed) as u64);
                bar.set_position(progress.read.load(Ordering::Relaxed) as u64);
            }
            bar.finish_and_clear();
        });
        let outcome = work();
        drop(done);
        outcome
    })
}

fn print(report: &Report, common: &Common, run: &Run, request: &Request, leaves: &Leaves) {
    let taken = leaves.take_standard_output();
    // Whoever asks, or sits there, is told everything; so is who reads the log of one job.
    let asked = request.action != Action::Publish || common.verbose || under_github_actions() || std::io::stderr().is_terminal();
    let told = request.cache.filter(|_| !asked).map(|folder| Told::open(folder, run_name(request), request.clock.now));
    say_findings(&report.diagnostics, least(common.quiet, common.verbose), told, status_of(report, run) == 0, taken);
    if common.verbose {
        for (path, reason) in &report.others {
            tell(taken, &format!("{}: not an article: {reason}", shown(path)));
        }
    }
    let site = request.site;
    let dry = run.action == Action::DryRun;
    if common.verbose || dry {
        let Changes { written, removed, .. } = &report.changes;
        let verbs = if dry { ["would write", "would remove"] } else { ["wrote", "removed"] };
        for (verb, paths) in verbs.into_iter().zip([written, removed]) {
            for path in paths {
                tell(taken, &format!("{verb} {}", shown(&site.out.join(path))));
            }
        }
        for feed in &report.feeds {
            let place = shown(&feed.slug.as_ref().map_or_else(|| site.out.clone(), |slug| site.out.join(slug.as_str())));
            tell_feed(feed, &place, dry, taken);
        }
    }
    if (is_watched(taken) || common.verbose) && !common.quiet {
        tell(taken, &summary(report, run));
    }
}

/// Says what becomes of a feed; before it happens, of its entries too.
fn tell_feed(feed: &FeedChange, place: &str, dry: bool, taken: bool) {
    tell(taken, &feeds::line(feed, place, if dry { Tense::Ahead } else { Tense::Done }));
    if dry {
        for line in feeds::entry_lines(feed) {
            tell(taken, &line);
        }
    }
}

/// Prints findings, but to nobody in particular only what was not told of late. The errors of a run that does not succeed are
/// always told: they are why.
fn say_findings(diagnostics: &[Diagnostic], least: Severity, mut told: Option<Told>, succeeds: bool, taken: bool) {
    let annotate = under_github_actions();
    for diagnostic in diagnostics {
        let is_news = told.as_mut().is_none_or(|told| told.is_news(diagnostic));
        if diagnostic.severity > least {
            continue;
        }
        if is_news || (!succeeds && diagnostic.severity == Severity::Error) {
            let said = say_error(&diagnostic.to_string());
            if let Some(told) = told.as_mut().filter(|_| said) {
                told.remember(diagnostic);
            }
        }
        if annotate {
            tell(taken, &annotation(diagnostic));
        }
    }
    if let Some(mut told) = told {
        if succeeds {
            told.forget();
        }
        told.keep();
    }
}

/// One line on what happened.
fn summary(report: &Report, run: &Run) -> String {
    let counts = &report.counts;
    let mut parts = vec![format!("{} read", plural(counts.files, "file"))];
    let mut part = |count: usize, what: &str| {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    };
    part(counts.published, "published");
    part(counts.unpublished, "unpublished");
    part(counts.withdrawn, "withdrawn");
    part(counts.waiting, "waiting for their date");
    part(counts.left_out, "left out because of errors");
    part(counts.others, "not articles");
    let mut line = parts.join(", ");
    let written = report.changes.written.len();
    let unchanged = report.changes.unchanged.len();
    let removed = match (report.changes.removed.len(), run.action) {
        (0, _) => String::new(),
        (removed, Action::DryRun) => format!(", {removed} would be removed"),
        (removed, _) => format!(", {removed} removed"),
    };
    if written + unchanged > 0 || !removed.is_empty() {
        let verb = if run.action == Action::DryRun { "would be written" } else { "written" };
        let (feeds, files) = (plural(counts.feeds, "feed"), plural(written, "file"));
        line = format!("{line}; {feeds}: {files} {verb}, {unchanged} unchanged{removed}");
    } else if run.action != Action::Check {
        line.push_str("; nothing published");
    }
    line
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn under_github_actions() -> bool {
    std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true")
}

/// Text in a workflow command.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A workflow command of GitHub Actions; `%`, line breaks and, in properties, `:` and `,` are escaped as it wants.
fn annotation(diagnostic: &Diagnostic) -> String {
    let property = |text: &str| escaped(text).replace(':', "%3A").replace(',', "%2C");
    let kind = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut place = format!("file={}", property(&diagnostic.path));
    if diagnostic.line > 0 {
        place = format!("{place},line={},col={}", diagnostic.line, diagnostic.column);
    }
    let help = if diagnostic.help.is_empty() { String::new() } else { format!("\nhelp: {}", diagnostic.help) };
    format!("::{kind} {place}::{}", escaped(&format!("{}{help}", diagnostic.message)))
}

/// Prints a line; that nobody reads any more is no reason to fail.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Prints a line to standard error; whether it got there.
fn say_error(line: &str) -> bool {
    writeln!(std::io::stderr().lock(), "{line}").is_ok()
}

/// Prints a line for people: to standard error where standard output is for a program.
fn tell(standard_output_is_taken: bool, line: &str) {
    if standard_output_is_taken {
        say_error(line);
    } else {
        say(line);
    }
}

fn init(folder: &Path) -> Result<u8, Stop> {
    let path = folder.join(site::FILE_NAME);
    let id = uuid::Uuid::new_v4();
    let text = include_str!("init.yaml").replace("{id}", &id.to_string());
    let created = std::fs::File::options().write(true).create_new(true).open(&path);
    let written = created.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        let message = match error.kind() {
            ErrorKind::AlreadyExists => "there is a site file already; it stays as it is".to_owned(),
            _ => format!("cannot be written: {error}"),
        };
        FolderError::new(&path, message, "")
    })?;
    let build = if folder == Path::new(".") { "feedmill build".to_owned() } else { format!("feedmill build {}", shown(folder)) };
    say(&format!("wrote {}; next: set base_url in it, then `{build}`", shown(&path)));
    Ok(0)
}
