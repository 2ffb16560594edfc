//! What no program that reads a folder can do without: `bare read FOLDER` walks it and reads every file, `bare stat FOLDER`
//! walks it and asks for the size and time of every file.

use std::fs;
use std::io::Read;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some(what), Some(folder)) = (arguments.first(), arguments.get(1)) else {
        eprintln!("usage: bare read|stat FOLDER");
        std::process::exit(2);
    };
    let (mut files, mut bytes) = (0, 0);
    walk(Path::new(folder), what == "read", &mut Vec::new(), &mut files, &mut bytes)?;
    println!("{files} files, {bytes} bytes");
    Ok(())
}

fn walk(folder: &Path, read: bool, buffer: &mut Vec<u8>, files: &mut u64, bytes: &mut u64) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), read, buffer, files, bytes)?;
            continue;
        }
        *files += 1;
        if read {
            buffer.clear();
            fs::File::open(entry.path())?.read_to_end(buffer)?;
            *bytes += buffer.len() as u64;
        } else {
            *bytes += entry.metadata()?.len();
        }
    }
    Ok(())
}
