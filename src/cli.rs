//! The command line: what can be asked, and nothing else.

// The comments here are the text of `--help`, and the switches are what the user may throw.
#![allow(clippy::doc_markdown, clippy::struct_excessive_bools)]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Turns a folder of articles into an RSS, an Atom and a JSON feed for each topic.
#[derive(Debug, Parser)]
#[command(version, about, arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  feedmill init                          write a commented site file, feedmill.yaml
  feedmill check news                    read every article below news/ and say what is wrong
  feedmill build news --out public/feeds
                                         publish the feeds
  */5 * * * * feedmill build ~/news      in a crontab: silent unless something is wrong, and that is said
                                         once in 24 hours

Exit status:
  0  done; articles that were left out are named on standard error
  1  check, or build --strict, found errors (strict publishes nothing then)
  2  the run failed, and what was published stays as it was; or a file for --report or
      --changed could not be written
  3  another run is writing to the same output folder";

/// What feedmill can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read articles and publish their feeds.
    #[command(after_help = BUILD_EXAMPLES)]
    Build(Build),
    /// Read every article and report what is wrong; write nothing.
    Check(Check),
    /// Write a commented site file with a random id.
    Init(Init),
}

const BUILD_EXAMPLES: &str = "\
Examples:
  feedmill build news                        with feedmill.yaml in news/ or a folder above it
  feedmill build news --dry-run              what would change, and what would readers see as new?
  feedmill build news --report report.json --changed changed.txt
                                             what was done, and the addresses to purge, for programs
  feedmill build news --include-unpublished --out preview
                                             see drafts and what is waiting, in feeds of their own

Without `base_url` in the site file, addresses begin with http://localhost:8000/, which is warned of.";

/// What `build` takes.
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// What every run takes.
    #[command(flatten)]
    pub(crate) common: Common,
    /// Output folder [default: `out` of the site file, else feeds].
    #[arg(long, value_name = "DIR", env = "FEEDMILL_OUT")]
    pub(crate) out: Option<PathBuf>,
    /// Where the output folder is served, such as https://feeds.example.org/
    #[arg(long, value_name = "URL", env = "FEEDMILL_BASE_URL")]
    pub(crate) base_url: Option<String>,
    /// Publish nothing if any article has an error.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Show drafts, unpublished and future articles too, marked [Preview]; wants an --out of its own.
    #[arg(long)]
    pub(crate) include_unpublished: bool,
    /// Say what would change, and which entries would come and go in each feed; change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Replace files that feedmill did not write.
    #[arg(long)]
    pub(crate) adopt: bool,
    /// Let a feed lose more than half of its entries though their files have vanished.
    #[arg(long)]
    pub(crate) force: bool,
    /// Wait for another run that is writing to the output folder, instead of leaving with status 3.
    #[arg(long)]
    pub(crate) wait: bool,
    /// Write the addresses of what changed to FILE, one a line, for purging; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) changed: Option<PathBuf>,
}

/// What `check` takes.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// What every run takes.
    #[command(flatten)]
    pub(crate) common: Common,
}

/// What every run takes.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Folders of articles [default: `articles` of the site file, else its folder].
    #[arg(value_name = "ARTICLES")]
    pub(crate) articles: Vec<PathBuf>,
    /// Site file [default: feedmill.yaml in the article folder or the nearest folder above it].
    #[arg(long, value_name = "FILE", env = "FEEDMILL_SITE")]
    pub(crate) site: Option<PathBuf>,
    /// The time to go by, for articles that are dated in the future [default: now; SOURCE_DATE_EPOCH is heeded].
    #[arg(long, value_name = "TIME", env = "FEEDMILL_NOW")]
    pub(crate) now: Option<String>,
    /// Whether the variable gave the time, and not the command line.
    #[arg(skip)]
    pub(crate) now_by_variable: bool,
    /// Write what was found and done to FILE, as JSON; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Read every article even if nothing seems to have changed since the last run, and repeat what was said.
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Print errors only.
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Also print notes, files that are no articles, every file and feed that changes, and what was said before.
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// What `init` takes.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Where to write feedmill.yaml.
    #[arg(value_name = "FOLDER", default_value = ".")]
    pub(crate) folder: PathBuf,
}
