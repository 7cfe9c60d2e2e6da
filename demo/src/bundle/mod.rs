//! The bundler: from the WASM crates, the hand-written scripts and the documents to one folder that the server embeds.
//!
//! ```text
//! player/js/*, hawker-player, hawker-ui  -> dist/sdk/      hawker.js engine.js engine.wasm ui.js ui.wasm hawker.d.ts
//!                                                          (port.js is the end of engine.js)
//! www/console/public/*, hawker-console   -> dist/console/  index.html console.js console.wasm ..
//! www/pages/*, www/docs/*.md             -> dist/www/      index.html room.html site.css docs/NAME.html ..
//! ```
//!
//! Every file has its brotli twin (`.br`) beside it. What has not changed is not written, so its time stays. Scripts
//! of the SDK and of the console are minified, those of the pages stay as they were written.

mod docs;
mod functions;
mod script;
mod sizes;
mod wasm;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Files to write, by their path in the output folder, with `/`.
type Files = BTreeMap<String, Vec<u8>>;

/// Builds everything into `out` and checks the sizes. Progress goes to stderr, the table of sizes to stdout.
///
/// # Errors
/// A crate that does not build, a file that cannot be read or written, a size over `player/budget.toml`.
pub fn run(root: &Path, out: &Path) -> Result<()> {
    eprintln!("[1/3] building the browser modules (cargo build --profile wasm)");
    let modules = wasm::build(root)?;
    eprintln!("[2/3] collecting scripts, pages and documents");
    let mut files = Files::new();
    folder(&root.join("player/js"), "sdk", &mut files)?;
    folder(&root.join("www/console/public"), "console", &mut files)?;
    folder(&root.join("www/pages"), "www", &mut files)?;
    files.extend(modules);
    join(&mut files, "sdk/engine.js", "sdk/port.js")?;
    docs::render(&root.join("www/docs"), &mut files)?;
    for (name, content) in &mut files {
        if name.ends_with(".js") && !name.starts_with("www/") {
            *content = script::minify(content).with_context(|| format!("{name} cannot be minified"))?;
        }
    }
    eprintln!("[3/3] compressing {} files", files.len());
    let written = write(&files, out)?;
    eprintln!("{written} of {} files changed in {}", files.len(), out.display());
    sizes::report(
        out,
        &files.keys().map(String::as_str).collect::<Vec<_>>(),
        &root.join("player/budget.toml"),
    )
}

/// Puts a script at the end of another one: a file of its own would cost a page a round trip.
fn join(files: &mut Files, script: &str, part: &str) -> Result<()> {
    let part = files.remove(part).with_context(|| format!("{part} is missing"))?;
    files.get_mut(script).with_context(|| format!("{script} is missing"))?.extend(part);
    Ok(())
}

/// Takes every file of a folder that there is, hidden ones and tests aside.
fn folder(from: &Path, to: &str, files: &mut Files) -> Result<()> {
    if !from.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(from).with_context(|| format!("{} cannot be read", from.display()))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).context("file names are UTF-8")?;
        if name.starts_with('.') {
            continue;
        }
        let to = format!("{to}/{name}");
        if path.is_dir() {
            folder(&path, &to, files)?;
        } else {
            files.insert(to, fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?);
        }
    }
    Ok(())
}

/// Writes what differs, with its brotli twin, and removes what is no longer made. Returns how many files changed.
fn write(files: &Files, out: &Path) -> Result<usize> {
    let mut changed = 0;
    for (name, content) in files {
        let path = out.join(name);
        let twin = twin(&path);
        if fs::read(&path).is_ok_and(|old| old == *content) && twin.is_file() {
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        // The twin last: a run that was stopped between the two is repaired by the next.
        let _ = fs::remove_file(&twin);
        fs::write(&path, content).with_context(|| format!("{} cannot be written", path.display()))?;
        fs::write(&twin, brotli(content)?)?;
        changed += 1;
    }
    let removed = sweep(out, out, files)?;
    Ok(changed + removed)
}

/// Removes files that this bundle does not hold, so that a renamed one does not live on in the server.
fn sweep(folder: &Path, out: &Path, files: &Files) -> Result<usize> {
    let mut removed = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            removed += sweep(&path, out, files)?;
            continue;
        }
        let name = path.strip_prefix(out)?.to_string_lossy().replace('\\', "/");
        if !files.contains_key(name.strip_suffix(".br").unwrap_or(&name)) {
            fs::remove_file(&path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn twin(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".br");
    PathBuf::from(name)
}

/// Compresses as hard as brotli can: it happens once a build and is downloaded by everybody.
fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: content.len(),
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*content, &mut compressed, &parameters).context("brotli fails")?;
    Ok(compressed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unchanged_file_is_left_alone_and_a_dropped_one_removed() -> Result<()> {
        let out = tempfile::tempdir()?;
        let both =
            Files::from([("sdk/a.js".into(), b"let a".to_vec()), ("sdk/b.js".into(), b"let b".to_vec())]);
        assert_eq!(write(&both, out.path())?, 2);
        assert_eq!(write(&both, out.path())?, 0);
        let one = Files::from([("sdk/a.js".into(), b"let a".to_vec())]);
        assert_eq!(write(&one, out.path())?, 2, "the file and its twin");
        assert!(out.path().join("sdk/a.js.br").is_file() && !out.path().join("sdk/b.js").exists());
        Ok(())
    }

    #[test]
    fn the_twin_unpacks_to_the_file() -> Result<()> {
        let content = b"export function mount() { return 'mount' }".repeat(50);
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut &*brotli(&content)?, &mut unpacked)?;
        assert_eq!(unpacked, content);
        Ok(())
    }
}
