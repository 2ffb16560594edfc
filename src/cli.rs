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
  feedmill explain https://example.org/a why is this story in a feed, or is not?
  feedmill ping news --changed changed.txt
                                         tell a WebSub hub what `build --changed` has listed
  */5 * * * * feedmill build ~/news      in a crontab: silent unless something is wrong, and that is said
                                         once in 24 hours

Exit status:
  0  done; articles that were left out are named on standard error
  1  check, or build --strict, found errors (strict publishes nothing then)
  2  the run failed, and what was published stays as it was; or a file for --report or
      --changed could not be written
  3  another run is writing to the same output folder, or publishing to the same destination";

/// What feedmill can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read articles and publish their feeds.
    #[command(after_help = BUILD_EXAMPLES)]
    Build(Build),
    /// Bring the output folder to a bucket: S3, R2, Google Cloud Storage, Azure.
    #[command(after_help = PUBLISH_EXAMPLES)]
    Publish(Publish),
    /// Read every article and report what is wrong; write nothing.
    Check(Check),
    /// List topics, and say which may be one, or write their folders into the site file.
    #[command(after_help = TOPICS_EXAMPLES)]
    Topics(Topics),
    /// Say why a story is in a feed, or is not.
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Tell the WebSub hub of the site file which feeds have changed, once they are uploaded.
    #[command(after_help = PING_EXAMPLES)]
    Ping(Ping),
    /// Write a commented site file with a random id.
    Init(Init),
    /// Print a JSON Schema of the site file, by which an editor completes and checks it.
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema,
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

const PUBLISH_EXAMPLES: &str = "\
Examples:
  feedmill publish                           to `destination` of feedmill.yaml in this folder or above it
  feedmill publish s3://bucket/feeds --dry-run
                                             what would be sent, and what would readers see as new?
  feedmill publish --delete-stale --changed changed.txt
                                             delete what is no longer published; the addresses to purge
  feedmill build news --publish              build, and publish to `destination`

Keys come from where the store's own tools have them, and are never printed:
  s3://  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION; AWS_PROFILE and the
         files in ~/.aws; the role of the instance or container. R2, MinIO, Ceph: AWS_ENDPOINT_URL too
  gs://  GOOGLE_APPLICATION_CREDENTIALS, GOOGLE_BEARER_TOKEN, or the role of the instance
  az://  AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_KEY, a service
         principal or a managed identity";

/// What `publish` takes.
#[derive(Debug, Args)]
pub(crate) struct Publish {
    /// Where the output goes: s3://BUCKET/FOLDER, gs://… or az://… [default: FEEDMILL_DESTINATION, else `destination` of the
    /// site file].
    #[arg(value_name = "DESTINATION")]
    pub(crate) destination: Option<String>,
    /// Site file [default: feedmill.yaml in this folder or the nearest one above it].
    #[arg(long, value_name = "FILE", env = "FEEDMILL_SITE")]
    pub(crate) site: Option<PathBuf>,
    /// What is published.
    #[command(flatten)]
    pub(crate) output: Output,
    /// Delete objects whose files are no longer part of the output; of others, none is ever deleted.
    #[arg(long)]
    pub(crate) delete_stale: bool,
    /// Say what would be sent and deleted, and which entries would come and go in each feed; change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Replace objects that feedmill did not put there.
    #[arg(long)]
    pub(crate) adopt: bool,
    /// Wait for a run that is writing to the output folder, instead of leaving with status 3.
    #[arg(long)]
    pub(crate) wait: bool,
    /// Write what was done to FILE, as JSON; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Write the addresses of what changed to FILE, one a line, for purging; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) changed: Option<PathBuf>,
    /// Leave it to `feedmill ping` to tell the hub, after caches are purged.
    #[arg(long)]
    pub(crate) no_ping: bool,
    /// Print errors only, and no progress.
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Also print every object and feed that changes.
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// What `build` takes.
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// What every run takes.
    #[command(flatten)]
    pub(crate) common: Common,
    /// Where the feeds go.
    #[command(flatten)]
    pub(crate) output: Output,
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
    /// Publish to DESTINATION then, as `feedmill publish` does [default: `destination` of the site file].
    #[arg(long, value_name = "DESTINATION", num_args = 0..=1, require_equals = true, default_missing_value = "", conflicts_with_all = ["dry_run", "include_unpublished"])]
    pub(crate) publish: Option<String>,
    /// With --publish: leave it to `feedmill ping` to tell the hub, after caches are purged.
    #[arg(long, requires = "publish")]
    pub(crate) no_ping: bool,
}

/// What `check` takes.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// What every run takes.
    #[command(flatten)]
    pub(crate) common: Common,
}

/// What tells which site it is.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// Folders of articles [default: `articles` of the site file, else its folder].
    #[arg(value_name = "ARTICLES")]
    pub(crate) articles: Vec<PathBuf>,
    /// Site file [default: feedmill.yaml in the article folder or the nearest folder above it].
    #[arg(long, value_name = "FILE", env = "FEEDMILL_SITE")]
    pub(crate) site: Option<PathBuf>,
}

/// What goes over the site file.
#[derive(Debug, Args)]
pub(crate) struct Output {
    /// Output folder [default: `out` of the site file, else feeds].
    #[arg(long, value_name = "DIR", env = "FEEDMILL_OUT")]
    pub(crate) out: Option<PathBuf>,
    /// Where the output folder is served, such as https://feeds.example.org/
    #[arg(long, value_name = "URL", env = "FEEDMILL_BASE_URL")]
    pub(crate) base_url: Option<String>,
}

/// What every run takes.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Which site it is.
    #[command(flatten)]
    pub(crate) place: Place,
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

const PING_EXAMPLES: &str = "\
Examples:
  feedmill build news --changed changed.txt && rsync -a public/feeds/ host:feeds/ &&
    feedmill ping news --changed changed.txt
                                             build, upload (and purge caches), tell
  feedmill ping news --changed changed.txt --dry-run
                                             what would it be told?

The hub is `hub` in the site file. It is told of each rss.xml, atom.xml and feed.json in the list;
other addresses are passed over. What it does not take is a warning, and the exit status is 0.";

/// What `ping` takes.
#[derive(Debug, Args)]
pub(crate) struct Ping {
    /// Which site it is.
    #[command(flatten)]
    pub(crate) place: Place,
    /// Where the feeds are.
    #[command(flatten)]
    pub(crate) output: Output,
    /// Addresses of what has changed, one a line, as `build --changed` writes them; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) changed: PathBuf,
    /// Say what the hub would be told, and tell it nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Write what was done to FILE, as JSON; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Print errors only.
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Also print each address that the hub was told of.
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

const SCHEMA_EXAMPLES: &str = "\
Examples:
  feedmill schema > feedmill.schema.json     beside feedmill.yaml, which begins with the line
                                             # yaml-language-server: $schema=feedmill.schema.json";

const TOPICS_EXAMPLES: &str = "\
Examples:
  feedmill topics news                       which topics are there, and with how many articles?
  feedmill topics news --pin                 write the folder of each topic into feedmill.yaml, so that it
                                             stays whatever becomes of feedmill.json

Articles count that are published; those of a topic's children count in it too.";

/// What `topics` takes.
#[derive(Debug, Args)]
pub(crate) struct Topics {
    /// Which site it is.
    #[command(flatten)]
    pub(crate) place: Place,
    /// Where the feeds go.
    #[command(flatten)]
    pub(crate) output: Output,
    /// The time to go by [default: now; SOURCE_DATE_EPOCH is heeded].
    #[arg(long, value_name = "TIME", env = "FEEDMILL_NOW")]
    pub(crate) now: Option<String>,
    /// Write a `slug` for each topic that has a feed into the site file; nothing else in it is touched.
    #[arg(long)]
    pub(crate) pin: bool,
    /// Print errors only, and no list.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  feedmill explain https://example.org/alexa-moves
                                             with the folders that feedmill.yaml names
  feedmill explain news/2020-11-13-alexa.md news
                                             what becomes of this file?
  feedmill explain urn:uuid:19c0a1d7-98fe-5e04-8ead-b385976bd4d9 news --json
                                             by the id of an entry, for programs

The feeds are those that a build would write now; what was published is looked at, and nothing is written.";

/// What `explain` takes.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// An address of the story, in any of its forms; or the id of its entry; or a file of it.
    #[arg(value_name = "ADDRESS-OR-FILE")]
    pub(crate) asked: String,
    /// Which site it is.
    #[command(flatten)]
    pub(crate) place: Place,
    /// Where the feeds go.
    #[command(flatten)]
    pub(crate) output: Output,
    /// The time to go by [default: now; SOURCE_DATE_EPOCH is heeded].
    #[arg(long, value_name = "TIME", env = "FEEDMILL_NOW")]
    pub(crate) now: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Also name the feeds that the story has nothing to do with.
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
