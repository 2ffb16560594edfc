//! What the host of the output reads, beside the feeds: written when everything else is. The manifest has the names alone, so that
//! a later run takes out what is for a host that is no longer set.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{Done, Mill};
use crate::encoding::Encoding;
use crate::error::{Diagnostic, FolderError, Severity, shown};
use crate::format::Format;
use crate::host::{Deployment, Hosting, prefix};
use crate::manifest::Manifest;
use crate::publish::Folder;
use crate::publish::stage::Turn;
use crate::site;
use crate::topic::Slug;
use crate::write::host::{self, Broken, HostFile, Rest, Share};
use crate::write::page;

const STAYS: &str = "what is here for a host that is no longer set stays";
const BY_HAND: &str = "take the lines from `# feedmill: begin` to `# feedmill: end` out by hand";

impl Mill<'_> {
    /// The deployment for which settings are written in this run. A preview is not deployed.
    fn deployment(&self) -> Option<&Deployment> {
        self.request.site.deployment.as_ref().filter(|deployment| deployment.elsewhere.is_none() && !self.request.clock.preview)
    }

    /// Refuses what is in the way of the files for the host, and blocks in them that cannot be told from the rest.
    pub(super) fn claim_hosting(&self) -> Result<(), FolderError> {
        let Some(deployment) = self.deployment() else { return Ok(()) };
        for (name, at_root, share) in host::names(deployment.host) {
            let folder = self.folder_of(deployment, at_root);
            folder.claim([(name, "")], self.request.adopt || share != Share::Whole)?;
            if matches!(share, Share::First | Share::Last) {
                let old = folder.read_if_there(name)?;
                host::merge(old.as_deref(), "", share).map_err(|broken| self.broken(deployment, name, &broken))?;
            }
        }
        Ok(())
    }

    /// Writes what the host reads, where it differs from what is there.
    pub(super) fn hosting(&self, manifest: &mut Manifest, done: &mut Done) -> Result<(), FolderError> {
        let Done { diagnostics, changes, .. } = &mut *done;
        let before = &self.folder.published.host_files;
        let site = self.request.site;
        if let Some(Deployment { host, elsewhere: Some(why), .. }) = &site.deployment
            && !self.request.clock.preview
        {
            let message = format!("{why}; nothing is written for {} in this run", host.title());
            diagnostics.push(self.about_the_site(message, "take the option from the command line, or `host` from the site file"));
        }
        let Some(deployment) = self.deployment() else {
            manifest.host_files.clone_from(before);
            // In a run to elsewhere it stays as it is.
            return if site.deployment.is_none() { self.take_out(manifest, &BTreeSet::new(), done) } else { Ok(()) };
        };
        let mut written = BTreeSet::new();
        let hosting = self.hosting_of(deployment, manifest);
        self.limits(&hosting, "", b"", diagnostics);
        for file in host::files(&hosting) {
            let HostFile { name, at_root, share, text } = file;
            let folder = self.folder_of(deployment, at_root);
            let old = folder.read_if_there(name)?;
            let bytes = match share {
                Share::Whole => Some(text.into_bytes()),
                Share::Presence => Some(old.clone().unwrap_or_else(|| text.into_bytes())),
                Share::First | Share::Last => {
                    host::merge(old.as_deref(), &text, share).map_err(|broken| self.broken(deployment, name, &broken))?
                }
            };
            let Some(bytes) = bytes else { continue };
            self.limits(&hosting, name, &bytes, diagnostics);
            // Other files are told by their paths from the output, and so is this.
            let above = if at_root { "../".repeat(deployment.below.matches('/').count()) } else { String::new() };
            let path = format!("{above}{name}");
            self.put(Turn::List, &path, &bytes, old.is_none_or(|old| old != bytes), changes)?;
            written.insert(path);
        }
        manifest.host_files = before | &written;
        self.take_out(manifest, &written, done)
    }

    /// Takes what is ours out of files in which something was written for a host, but those in which it is `written` still. What
    /// a server is told to read stays: without it, the server would not start.
    fn take_out(&self, manifest: &mut Manifest, written: &BTreeSet<String>, done: &mut Done) -> Result<(), FolderError> {
        let left: Vec<String> = manifest.host_files.difference(written).cloned().collect();
        for path in left {
            let name = path.rsplit('/').next().unwrap_or_default();
            if let Err(error) = self.folder.claim([(path.as_str(), "")], true) {
                done.diagnostics.push(self.about(Severity::Warning, &path, format!("{}; {STAYS}", error.message), error.help));
                continue;
            }
            let file = match self.folder.read_if_there(&path) {
                Ok(file) => file,
                Err(error) => {
                    done.diagnostics.push(self.about(Severity::Warning, &path, format!("{}; {STAYS}", error.message), BY_HAND));
                    continue;
                }
            };
            match host::rest(name, &file.unwrap_or_default()) {
                Ok(Some(Rest::Theirs(bytes))) => self.put(Turn::List, &path, &bytes, true, &mut done.changes)?,
                Ok(Some(Rest::Nothing)) => self.remove(&path, manifest, &mut done.changes),
                Ok(Some(Rest::Wanted)) => {
                    let message =
                        "this file is for a host that is no longer set; it stays as it is, since the server may read it";
                    let help = "take the line that reads it out of the settings of the server, and delete it then";
                    done.diagnostics.push(self.about(Severity::Warning, &path, message, help));
                    continue;
                }
                Ok(None) => {}
                Err(broken) => {
                    let message = format!("{}; {STAYS}", broken.message);
                    let about = self.about(Severity::Warning, &path, message, BY_HAND);
                    done.diagnostics.push(Diagnostic { line: broken.line, column: 1, ..about });
                    continue;
                }
            }
            manifest.host_files.remove(&path);
        }
        Ok(())
    }

    /// Everything that the files for the host depend on.
    fn hosting_of(&self, deployment: &Deployment, manifest: &Manifest) -> Hosting {
        let site = self.request.site;
        let ours = host::names(deployment.host).len();
        Hosting {
            host: deployment.host,
            prefix: prefix(&site.base_url).to_owned(),
            cache_control: site.cache_control.clone(),
            gzip: site.precompress.contains(&Encoding::Gzip),
            brotli: site.precompress.contains(&Encoding::Brotli),
            copies: self.also(),
            redirects: self.redirects(),
            stories: site.stories,
            // With the manifest itself.
            files: manifest.files.len() + 1 + ours,
        }
    }

    /// Copies of feeds at old addresses, with their media types. Those in folders that a topic had are called as all feeds are.
    fn also(&self) -> Vec<(String, String)> {
        let also = self.grouping.feeds.iter().flat_map(|plan| &plan.rules.also);
        also.map(|also| (also.path.clone(), also.format.content_type().to_owned())).collect()
    }

    /// What leads from folders that topics had to those that they have.
    fn redirects(&self) -> Vec<(String, String)> {
        let formats = &self.request.site.formats;
        let mut redirects = Vec::new();
        for plan in &self.grouping.feeds {
            let Some(slug) = self.grouping.slug(plan) else { continue };
            for former in self.former(plan).iter().filter(|former| *former != slug) {
                redirects.extend(formats.feeds.iter().map(|format| (format.path(Some(former)), format.path(Some(slug)))));
                redirects.extend(formats.pages.then(|| (page::path(Some(former)), page::path(Some(slug)))));
                if self.request.site.stories {
                    let path = |slug: &Slug, format: &Format| format.path(Some(&Slug::stories(Some(slug))));
                    redirects.extend(formats.feeds.iter().map(|format| (path(former, format), path(slug, format))));
                }
            }
        }
        redirects
    }

    /// Where a file for the host lies.
    fn folder_of(&self, deployment: &Deployment, at_root: bool) -> Cow<'_, Folder> {
        if at_root { Cow::Owned(Folder::new(&deployment.root)) } else { Cow::Borrowed(self.folder) }
    }

    fn broken(&self, deployment: &Deployment, name: &str, broken: &Broken) -> FolderError {
        let at_root = host::names(deployment.host).iter().any(|&(known, at_root, _)| known == name && at_root);
        let folder = if at_root { &deployment.root } else { &self.request.site.out };
        let place = PathBuf::from(format!("{}:{}:1", shown(&folder.join(name)), broken.line));
        let help = "the lines of feedmill stand between `# feedmill: begin` and `# feedmill: end`; delete what is left of them, \
                    and the next run writes them anew";
        FolderError::new(&place, broken.message, help)
    }

    /// Tells what is near a limit of the host.
    fn limits(&self, hosting: &Hosting, name: &str, file: &[u8], diagnostics: &mut Vec<Diagnostic>) {
        for limit in host::limits(hosting, name, file) {
            let place = if name.is_empty() { "the output".to_owned() } else { format!("`{name}`") };
            let (what, count, most, host) = (limit.what, limit.count, limit.most, hosting.host.title());
            let message = format!("{place} has {count} {what} and {host} takes {most}");
            diagnostics.push(self.about_the_site(message, limit.help));
        }
    }

    fn about_the_site(&self, message: String, help: &str) -> Diagnostic {
        let file = self.request.site.file.clone().unwrap_or_else(|| PathBuf::from(site::FILE_NAME));
        Diagnostic::of_file(Severity::Warning, &shown(&file), message, help)
    }
}
