//! The program `feedmill`: arguments in, printing, exit status. The only place that prints, and that asks the time.

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use clap::Parser;
use feedmill::cache::told::Told;
use feedmill::destination::Destination;
use feedmill::error::{Diagnostic, Error, FolderError, Severity, help_line, shown};
use feedmill::group::Clock;
use feedmill::link::Link;
use feedmill::publish::Folder;
use feedmill::report::feeds::Tense;
use feedmill::report::{Changes, Delivered, FeedChange, Report, addresses, feeds, json};
use feedmill::site::{self, Overrides, Site};
use feedmill::{Action, Progress, Request, aside, build, deliver, manifest, read, run_name};

mod cli;

use cli::{Build, Cli, Command, Common, Publish};

/// `check`, or a strict `build`, found errors.
const FOUND_ERRORS: u8 = 1;
/// The run failed.
const FAILED: u8 = 2;
/// Another run is at work in the output folder, or at the destination.
const BUSY: u8 = 3;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Init(init) => self::init(&init.folder),
        Command::Check(check) => run(&check.common, &Run { action: Action::Check, ..Run::default() }),
        Command::Build(build) => {
            let action = if build.dry_run { Action::DryRun } else { Action::Publish };
            let overrides = Overrides { base_url: build.base_url, out: build.out };
            let preview = build.include_unpublished;
            let Build { strict, adopt, force, wait, changed, publish, .. } = build;
            run(&build.common, &Run { action, overrides, preview, strict, adopt, force, wait, changed, publish })
        }
        Command::Publish(publish) => self::publish(&publish),
    };
    ExitCode::from(outcome.unwrap_or_else(|stop| {
        stop.say(false);
        stop.status
    }))
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
}

impl Default for Run {
    fn default() -> Self {
        let (preview, strict, adopt, force, wait) = Default::default();
        let overrides = Overrides::default();
        Self { action: Action::Check, overrides, preview, strict, adopt, force, wait, changed: None, publish: None }
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
        [self.report, self.changed].into_iter().flatten().any(is_standard_output)
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
    leaves.after(action, |known| {
        let (site, articles) = site(common, &run.overrides)?;
        // What cannot be published is better known before anything is built.
        let destination = run.publish.as_deref().map(|given| destination(Some(given).filter(|given| !given.is_empty()), &site));
        let destination = destination.transpose()?;
        let mut report = carry_out(common, run, &site, &articles, &leaves, known)?;
        if report.failed {
            return Ok((report, FAILED));
        }
        if report.has_errors() && (run.action == Action::Check || run.strict) {
            return Ok((report, FOUND_ERRORS));
        }
        if let Some((destination, _)) = destination {
            let wishes = Wishes { adopt: run.adopt, wait: run.wait, ..Wishes::default() };
            match deliver(&site, &destination, wishes, &leaves) {
                Ok(delivered) => report.delivery = Some(delivered),
                Err(stop) => {
                    // What was built is told all the same.
                    stop.say(leaves.take_standard_output());
                    report.diagnostics.push(*stop.finding);
                    return Ok((report, stop.status));
                }
            }
        }
        Ok((report, 0))
    })
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
    leaves.after("publish", |known| {
        let overrides = Overrides { base_url: publish.base_url.clone(), out: publish.out.clone() };
        let file = publish.site.clone().or_else(|| Site::find(Path::new(".")));
        let site = Site::load(file.as_deref(), &overrides)?;
        known.out = Some(site.out.clone());
        known.base_url = Some(site.base_url.clone());
        let (destination, named) = destination(publish.destination.as_deref(), &site)?;
        let Publish { dry_run, delete_stale, adopt, wait, .. } = *publish;
        let wishes = Wishes { dry_run, delete_stale, adopt, preview: named, wait };
        let delivery = Some(deliver(&site, &destination, wishes, &leaves)?);
        Ok((Report { delivery, ..Report::default() }, 0))
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
}

/// Brings the output to its destination, and prints what was done.
fn deliver(site: &Site, destination: &Destination, wishes: Wishes, leaves: &Leaves) -> Result<Delivered, Stop> {
    let progress = Progress::default();
    let run = uuid::Uuid::new_v4().to_string();
    let Wishes { dry_run, delete_stale, adopt, preview, wait } = wishes;
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
    let terminal = if taken { std::io::stderr().is_terminal() } else { std::io::stdout().is_terminal() };
    if (terminal || leaves.verbose) && !leaves.quiet {
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
    Ok(delivered)
}

fn is_standard_output(file: &Path) -> bool {
    file == Path::new("-")
}

/// Leaves a text for other programs in a file, or on standard output.
fn leave(file: &Path, text: &str, known: &Known, changes: &Changes) -> Result<(), Stop> {
    if is_standard_output(file) {
        let mut output = std::io::stdout().lock();
        return match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Stop::new(&format!("standard output cannot be written: {error}"), ""))
            }
            _ => Ok(()),
        };
    }
    if known.out.as_deref().is_some_and(|out| is_published(file, out, changes)) {
        let (message, help) = ("this file is published, and is not written over", "name another file");
        return Err(FolderError::new(file, message, help).into());
    }
    Ok(aside::write(file, text)?)
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
    let now = now(common, site)?;
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
    let report = watched(&progress, "files read", common.quiet, || build(&request))?;
    print(&report, common, run, &request, leaves);
    Ok(report)
}

/// The site, and the folders to read: the command line's, else the site file's.
fn site(common: &Common, overrides: &Overrides) -> Result<(Site, Vec<PathBuf>), Stop> {
    let start = common.articles.first().cloned().unwrap_or_else(|| PathBuf::from("."));
    let file =
        common.site.clone().or_else(|| Site::find(if start.is_file() { start.parent().unwrap_or(&start) } else { &start }));
    if common.articles.is_empty() && file.is_none() {
        let help = "write `feedmill build FOLDER`, or name it in a site file (`feedmill init` writes one)";
        return Err(Stop::new("which folder holds the articles?", help));
    }
    let site = Site::load(file.as_deref(), overrides)?;
    let articles = if !common.articles.is_empty() {
        common.articles.clone()
    } else if !site.articles.is_empty() {
        site.articles.clone()
    } else {
        let folder = file.as_deref().and_then(Path::parent).unwrap_or(Path::new("."));
        vec![if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() }]
    };
    Ok((site, articles))
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

/// The run's one reading of the clock.
fn now(common: &Common, site: &Site) -> Result<DateTime<Utc>, Stop> {
    if let Some(given) = &common.now {
        let seconds = given.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        return seconds
            .or_else(|| read::date::parse(given, site.zone))
            .ok_or_else(|| Stop::new("`--now` is not a time that can be read", "write it like 2020-11-20T12:00:00Z"));
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
        scope.spawn(move || {
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
    say_findings(report, common, request, taken);
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
    let terminal = if taken { std::io::stderr().is_terminal() } else { std::io::stdout().is_terminal() };
    if (terminal || common.verbose) && !common.quiet {
        tell(taken, &summary(report, run));
        if run.action != Action::Check && !site.base_url_given {
            let hint = format!(
                "hint: addresses begin with {}; set `base_url` in {} (`feedmill init` writes one)",
                site::DEFAULT_BASE_URL,
                site::FILE_NAME
            );
            tell(taken, &hint);
        }
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

/// Prints findings, but to nobody in particular only what was not told of late.
fn say_findings(report: &Report, common: &Common, request: &Request, taken: bool) {
    let least = match (common.quiet, common.verbose) {
        (true, _) => Severity::Error,
        (false, false) => Severity::Warning,
        (false, true) => Severity::Note,
    };
    let annotate = under_github_actions();
    // Whoever asks, or sits there, is told everything; so is who reads the log of one job.
    let asked = request.action != Action::Publish || common.verbose || annotate || std::io::stderr().is_terminal();
    let mut told = request.cache.filter(|_| !asked).map(|folder| Told::open(folder, run_name(request), request.clock.now));
    for diagnostic in report.diagnostics.iter().filter(|diagnostic| diagnostic.severity <= least) {
        if told.as_ref().is_none_or(|told| told.is_news(diagnostic)) {
            let said = say_error(&diagnostic.to_string());
            if let Some(told) = told.as_mut().filter(|_| said) {
                told.remember(diagnostic);
            }
        }
        if annotate {
            tell(taken, &annotation(diagnostic));
        }
    }
    if let Some(told) = told {
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
