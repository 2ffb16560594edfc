//! The program `feedmill`: arguments in, printing, exit status. The only place that prints, and that asks the time.

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use clap::builder::Resettable;
use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches};
use feedmill::cache::told::Told;
use feedmill::error::{Diagnostic, Error, FolderError, Severity, help_line, shown};
use feedmill::group::Clock;
use feedmill::link::Link;
use feedmill::publish::Folder;
use feedmill::report::feeds::Tense;
use feedmill::report::{Changes, Report, addresses, feeds, json};
use feedmill::site::{self, Overrides, Site};
use feedmill::{Action, Progress, Request, aside, build, manifest, read, run_name};

mod cli;

use cli::{Build, Check, Cli, Command, Common};

/// `check`, or a strict `build`, found errors.
const FOUND_ERRORS: u8 = 1;
/// The run failed.
const FAILED: u8 = 2;
/// Another run is at work in the output folder.
const BUSY: u8 = 3;

/// The variable that says where the output folder is served.
const BASE_URL: &str = "FEEDMILL_BASE_URL";

fn main() -> ExitCode {
    let outcome = match command() {
        Command::Init(init) => self::init(&init.folder),
        Command::Check(check) => run(&check.common, &Run { action: Action::Check, ..Run::default() }),
        Command::Build(build) => {
            let action = if build.dry_run { Action::DryRun } else { Action::Publish };
            let overrides = Overrides { base_url: build.base_url, out: build.out };
            let preview = build.include_unpublished;
            let Build { strict, adopt, force, wait, changed, .. } = build;
            run(&build.common, &Run { action, overrides, preview, strict, adopt, force, wait, changed })
        }
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
    if let (Command::Build(Build { common, .. }) | Command::Check(Check { common }), Some((_, given))) =
        (&mut command, matches.subcommand())
    {
        common.now_by_variable = given.value_source("now") == Some(ValueSource::EnvVariable);
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
}

impl Default for Run {
    fn default() -> Self {
        let (preview, strict, adopt, force, wait) = Default::default();
        let overrides = Overrides::default();
        Self { action: Action::Check, overrides, preview, strict, adopt, force, wait, changed: None }
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
        let status = if matches!(error, Error::Busy { .. }) { BUSY } else { FAILED };
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

/// A run from end to end, with the files that it leaves for other programs. Gives the exit status.
fn run(common: &Common, run: &Run) -> Result<u8, Stop> {
    let begun = Instant::now();
    if common.report.is_some() && common.report == run.changed {
        return Err(Stop::new("`--report` and `--changed` name one file", "give each a file of its own"));
    }
    let file = site_file(common);
    let site = site(common, file.as_deref(), &run.overrides);
    for file_of_others in asides(common, run) {
        spare(file_of_others, common, file.as_deref(), site.as_ref().ok())?;
    }
    let taken = standard_output_is_taken(common, run);
    let mut known = Known::default();
    let (mut report, mut status) = match site.and_then(|site| carry_out(site, common, run, &mut known)) {
        Ok(report) => {
            let status = status_of(&report, run);
            (report, status)
        }
        Err(stop) => {
            stop.say(taken);
            (Report { diagnostics: vec![*stop.finding], ..Report::default() }, stop.status)
        }
    };
    if let Some(file) = &run.changed {
        // A run that failed before it knew the address changed nothing.
        let text = known.base_url.as_ref().map(|base_url| addresses::changed(&report.changes, base_url));
        if let Err(stop) = leave(file, &text.unwrap_or_default(), &known, &report.changes) {
            stop.say(taken);
            status = status.max(stop.status);
            report.diagnostics.push(*stop.finding);
        }
    }
    if let Some(file) = &common.report {
        let action = match run.action {
            Action::Check => "check",
            Action::DryRun => "dry-run",
            Action::Publish => "build",
        };
        let (now, out, base_url) = (known.now, known.out.as_deref(), known.base_url.as_ref());
        let text = json::render(&report, &json::Facts { action, status, now, took: begun.elapsed(), out, base_url });
        if let Err(stop) = leave(file, &text, &known, &report.changes) {
            stop.say(taken);
            status = status.max(stop.status);
        }
    }
    Ok(status)
}

/// The exit status of a run that came to its end.
fn status_of(report: &Report, run: &Run) -> u8 {
    match report {
        report if report.failed => FAILED,
        report if report.has_errors() && (run.action == Action::Check || run.strict) => FOUND_ERRORS,
        _ => 0,
    }
}

/// What is left for other programs.
fn asides<'r>(common: &'r Common, run: &'r Run) -> impl Iterator<Item = &'r Path> {
    [&common.report, &run.changed].into_iter().flatten().map(PathBuf::as_path)
}

/// Whether standard output belongs to another program, so that what is for people goes to standard error.
fn standard_output_is_taken(common: &Common, run: &Run) -> bool {
    asides(common, run).any(is_standard_output)
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
        return Err(not_written_over(file, PUBLISHED));
    }
    Ok(aside::write(file, text)?)
}

/// Refuses to put what is for other programs in the place of the site file, of an article, or of what is published: what is
/// there already would be lost, and is not feedmill's to lose. `site` is what the site file says, if it can be read.
fn spare(file: &Path, common: &Common, site_file: Option<&Path>, site: Option<&(Site, Vec<PathBuf>)>) -> Result<(), Stop> {
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
    let folders = site.map_or_else(|| articles(common, site_file, &[]), |(_, folders)| folders.clone());
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
fn carry_out((site, articles): (Site, Vec<PathBuf>), common: &Common, run: &Run, known: &mut Known) -> Result<Report, Stop> {
    known.out = Some(site.out.clone());
    known.base_url = Some(site.base_url.clone());
    if run.preview && run.overrides.out.is_none() {
        return Err(Stop::new("`--include-unpublished` wants an output folder of its own", "add `--out preview`"));
    }
    let now = now(common, &site)?;
    known.now = Some(now);
    let progress = Progress::default();
    let cache = if common.no_cache { None } else { cache_folder() };
    let request = Request {
        articles: &articles,
        site: &site,
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
    let mut report = watched(&request, common.quiet)?;
    if status_of(&report, run) == 0 {
        report.diagnostics.extend(without_address(&request));
        report.diagnostics.sort_by(Diagnostic::order);
    }
    print(&report, common, run, &request);
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

/// The site file that the command line names, else the one that is found.
fn site_file(common: &Common) -> Option<PathBuf> {
    let start = common.articles.first().map_or(Path::new("."), PathBuf::as_path);
    common.site.clone().or_else(|| Site::find(if start.is_file() { start.parent().unwrap_or(start) } else { start }))
}

/// The folders to read: those of the command line, else those that the site file names, else its own.
fn articles(common: &Common, file: Option<&Path>, named: &[PathBuf]) -> Vec<PathBuf> {
    if !common.articles.is_empty() {
        return common.articles.clone();
    }
    if !named.is_empty() {
        return named.to_vec();
    }
    let folder = file.and_then(Path::parent).unwrap_or(Path::new("."));
    vec![if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() }]
}

/// The site, and the folders to read.
fn site(common: &Common, file: Option<&Path>, overrides: &Overrides) -> Result<(Site, Vec<PathBuf>), Stop> {
    if common.articles.is_empty() && file.is_none() {
        let help = "write `feedmill build FOLDER`, or name it in a site file (`feedmill init` writes one)";
        return Err(Stop::new("which folder holds the articles?", help));
    }
    let site = Site::load(file, overrides)?;
    let articles = articles(common, file, &site.articles);
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

/// A bare number that is a time: from 2001 to the year 9999. A shorter one is a year, and a longer one is of milliseconds.
const SECONDS: std::ops::RangeInclusive<i64> = 1_000_000_000..=253_402_300_799;

/// The run's one reading of the clock.
fn now(common: &Common, site: &Site) -> Result<DateTime<Utc>, Stop> {
    if let Some(given) = &common.now {
        let seconds = given.parse().ok().filter(|seconds| SECONDS.contains(seconds));
        let name = if common.now_by_variable { "FEEDMILL_NOW" } else { "--now" };
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
fn watched(request: &Request, quiet: bool) -> Result<Report, Error> {
    if quiet || !std::io::stderr().is_terminal() {
        return build(request);
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
            let style = indicatif::ProgressStyle::with_template("{bar:40} {pos}/{len} files read, {elapsed}");
            let bar =
                indicatif::ProgressBar::new(0).with_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()));
            while waits
                .recv_timeout(Duration::from_millis(100))
                .is_err_and(|stop| stop == std::sync::mpsc::RecvTimeoutError::Timeout)
            {
                bar.set_length(request.progress.files.load(Ordering::Relaxed) as u64);
                bar.set_position(request.progress.read.load(Ordering::Relaxed) as u64);
            }
            bar.finish_and_clear();
        });
        let report = build(request);
        drop(done);
        report
    })
}

fn print(report: &Report, common: &Common, run: &Run, request: &Request) {
    let taken = standard_output_is_taken(common, run);
    say_findings(report, common, request, status_of(report, run) == 0, taken);
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
            tell(taken, &feeds::line(feed, &place, if dry { Tense::Ahead } else { Tense::Done }));
            if dry {
                for line in feeds::entry_lines(feed) {
                    tell(taken, &line);
                }
            }
        }
    }
    let terminal = if taken { std::io::stderr().is_terminal() } else { std::io::stdout().is_terminal() };
    if (terminal || common.verbose) && !common.quiet {
        tell(taken, &summary(report, run));
    }
}

/// Prints findings, but to nobody in particular only what was not told of late. The errors of a run that does not succeed are
/// always told: they are why.
fn say_findings(report: &Report, common: &Common, request: &Request, succeeds: bool, taken: bool) {
    let least = match (common.quiet, common.verbose) {
        (true, _) => Severity::Error,
        (false, false) => Severity::Warning,
        (false, true) => Severity::Note,
    };
    let annotate = under_github_actions();
    // Whoever asks, or sits there, is told everything; so is who reads the log of one job.
    let asked = request.action != Action::Publish || common.verbose || annotate || std::io::stderr().is_terminal();
    let mut told = request.cache.filter(|_| !asked).map(|folder| Told::open(folder, run_name(request), request.clock.now));
    for diagnostic in &report.diagnostics {
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
