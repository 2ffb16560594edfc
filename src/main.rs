//! The program `feedmill`: arguments in, printing, exit status. The only place that prints, and that asks the time.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Parser;
use feedmill::error::{Diagnostic, Severity, shown};
use feedmill::group::Clock;
use feedmill::report::Report;
use feedmill::site::{self, Overrides, Site};
use feedmill::{Action, Progress, Request, build, read};

mod cli;

use cli::{Build, Cli, Command, Common};

/// `check`, or a strict `build`, found errors.
const FOUND_ERRORS: u8 = 1;
/// The run failed.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Init(init) => self::init(&init.folder),
        Command::Check(check) => run(&check.common, &Run { action: Action::Check, ..Run::default() }),
        Command::Build(build) => {
            let action = if build.dry_run { Action::DryRun } else { Action::Publish };
            let overrides = Overrides { base_url: build.base_url, out: build.out };
            let preview = build.include_unpublished;
            let Build { strict, adopt, force, wait, .. } = build;
            run(&build.common, &Run { action, overrides, preview, strict, adopt, force, wait })
        }
    };
    outcome.unwrap_or_else(|message| {
        say_error(&format!("feedmill: {message}"));
        if under_github_actions() {
            say(&format!("::error::{}", escaped(&message)));
        }
        ExitCode::from(FAILED)
    })
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
}

impl Default for Run {
    fn default() -> Self {
        let (preview, strict, adopt, force, wait) = Default::default();
        Self { action: Action::Check, overrides: Overrides::default(), preview, strict, adopt, force, wait }
    }
}

fn run(common: &Common, run: &Run) -> Result<ExitCode, String> {
    let (site, articles) = site(common, &run.overrides)?;
    if run.preview && run.overrides.out.is_none() {
        return Err("`--include-unpublished` wants an output folder of its own\n  help: add `--out preview`".to_owned());
    }
    let progress = Progress::default();
    let cache = if common.no_cache { None } else { cache_folder() };
    let request = Request {
        articles: &articles,
        site: &site,
        clock: Clock { now: now(common, &site)?, preview: run.preview },
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
    let report = watched(&request, common.quiet).map_err(|error| error.to_string())?;
    print(&report, common, run, &site);
    Ok(if report.failed {
        ExitCode::from(FAILED)
    } else if report.has_errors() && (run.action == Action::Check || run.strict) {
        ExitCode::from(FOUND_ERRORS)
    } else {
        ExitCode::SUCCESS
    })
}

/// The site, and the folders to read: the command line's, else the site file's.
fn site(common: &Common, overrides: &Overrides) -> Result<(Site, Vec<PathBuf>), String> {
    let start = common.articles.first().cloned().unwrap_or_else(|| PathBuf::from("."));
    let file =
        common.site.clone().or_else(|| Site::find(if start.is_file() { start.parent().unwrap_or(&start) } else { &start }));
    if common.articles.is_empty() && file.is_none() {
        return Err("which folder holds the articles?\n  help: write `feedmill build FOLDER`, or name it in a site file (`feedmill init` writes one)".to_owned());
    }
    let site = Site::load(file.as_deref(), overrides).map_err(|error| error.to_string())?;
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
fn now(common: &Common, site: &Site) -> Result<DateTime<Utc>, String> {
    if let Some(given) = &common.now {
        let seconds = given.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        return seconds
            .or_else(|| read::date::parse(given, site.zone))
            .ok_or_else(|| "`--now` is not a time that can be read\n  help: write it like 2020-11-20T12:00:00Z".to_owned());
    }
    match std::env::var("SOURCE_DATE_EPOCH") {
        Err(_) => Ok(Utc::now()),
        Ok(given) => given.trim().parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)).ok_or_else(|| {
            "SOURCE_DATE_EPOCH is not a number of seconds since 1970\n  help: unset it, or write seconds such as 1605880800"
                .to_owned()
        }),
    }
}

/// Runs, with a progress bar on a terminal if it takes long.
fn watched(request: &Request, quiet: bool) -> Result<Report, feedmill::error::Error> {
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

fn print(report: &Report, common: &Common, run: &Run, site: &Site) {
    let least = match (common.quiet, common.verbose) {
        (true, _) => Severity::Error,
        (false, false) => Severity::Warning,
        (false, true) => Severity::Note,
    };
    let annotate = under_github_actions();
    for diagnostic in report.diagnostics.iter().filter(|diagnostic| diagnostic.severity <= least) {
        say_error(&diagnostic.to_string());
        if annotate {
            say(&annotation(diagnostic));
        }
    }
    if common.verbose {
        for (path, reason) in &report.others {
            say(&format!("{}: not an article: {reason}", shown(path)));
        }
    }
    let terminal = std::io::stdout().is_terminal();
    if common.verbose || run.action == Action::DryRun {
        let verb = if run.action == Action::DryRun { "would write" } else { "wrote" };
        for path in &report.changes.written {
            say(&format!("{verb} {}", shown(&site.out.join(path))));
        }
    }
    if (terminal || common.verbose) && !common.quiet {
        say(&summary(report, run));
        if run.action != Action::Check && !site.base_url_given {
            say(&format!(
                "hint: addresses begin with {}; set `base_url` in {} (`feedmill init` writes one)",
                site::DEFAULT_BASE_URL,
                site::FILE_NAME
            ));
        }
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
    if written + unchanged > 0 {
        let verb = if run.action == Action::DryRun { "would be written" } else { "written" };
        let (feeds, files) = (plural(counts.feeds, "feed"), plural(written, "file"));
        line = format!("{line}; {feeds}: {files} {verb}, {unchanged} unchanged");
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

fn say_error(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

fn init(folder: &Path) -> Result<ExitCode, String> {
    let path = folder.join(site::FILE_NAME);
    let id = uuid::Uuid::new_v4();
    let text = include_str!("init.yaml").replace("{id}", &id.to_string());
    let created = std::fs::File::options().write(true).create_new(true).open(&path);
    let written = created.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => format!("{}: there is a site file already; it stays as it is", shown(&path)),
        _ => format!("{}: cannot be written: {error}", shown(&path)),
    })?;
    let build = if folder == Path::new(".") { "feedmill build".to_owned() } else { format!("feedmill build {}", shown(folder)) };
    say(&format!("wrote {}; next: set base_url in it, then `{build}`", shown(&path)));
    Ok(ExitCode::SUCCESS)
}
