//! Files aside from the feeds: what the command line names, for other programs to read, or as they wrote it.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::error::FolderError;

/// What to do about a file that cannot be written.
const HELP: &str = "its folder has to be there, and writable; feeds are not affected";

/// The text of a file.
pub fn read(path: &Path) -> Result<String, FolderError> {
    text(fs::read(path)).map_err(|message| FolderError::new(path, message, ""))
}

/// The text of what was read, without the mark at its start that some programs write. `Err`: why there is none.
pub fn text(read: io::Result<Vec<u8>>) -> Result<String, String> {
    let bytes = read.map_err(|error| format!("cannot be read: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Puts the text in the place of the file, at once: whoever reads it sees the old one or the new one, whole. A device or a
/// pipe is written to.
pub fn write(path: &Path, text: &str) -> Result<(), FolderError> {
    let failed = |error: io::Error| FolderError::new(path, format!("cannot be written: {error}"), HELP);
    let there = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => return Err(FolderError::new(path, "this is a folder", "name a file")),
        Ok(metadata) if !metadata.is_file() => {
            let file = fs::File::options().write(true).open(path);
            return file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed);
        }
        metadata => metadata.ok(),
    };
    // A link stays one.
    let file = if there.is_some() { path.canonicalize().map_err(failed)? } else { path.to_owned() };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".feedmill-").suffix(".tmp");
    // A temporary file is for its owner only; this one is for everybody whom the umask lets, or as it was.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    // What is wrong with the folder is better said of it than of a temporary file in it.
    fs::metadata(folder).map_err(failed)?;
    let mut temporary = builder.tempfile_in(folder).map_err(failed)?;
    temporary.write_all(text.as_bytes()).map_err(failed)?;
    if let Some(metadata) = there {
        temporary.as_file().set_permissions(metadata.permissions()).map_err(failed)?;
    }
    temporary.as_file().sync_all().map_err(failed)?;
    temporary.persist(&file).map_err(|error| failed(error.error))?;
    Ok(())
}
