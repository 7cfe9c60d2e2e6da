//! The data folder: its format version, its lock, its permissions. What is in the files is their owners' business.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// The format that this version writes. Raised when an older version could not read the folder any more.
pub const FORMAT: u32 = 1;

/// A locked data folder; dropping it releases the lock.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the folder if need be, locks it and checks its format version.
    ///
    /// # Errors
    /// Another process has it, a newer version wrote it, or it can't be written.
    pub fn open(path: &Path) -> Result<Self> {
        create(path).with_context(|| format!("can't make the data folder {}", path.display()))?;
        let lock_path = path.join("lock");
        let lock =
            File::create(&lock_path).with_context(|| format!("can't write {}", lock_path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(
                "the data folder {} is in use by another hawker: stop it, or choose another folder with [data] dir or \
                 HAWKER_DATA_DIR",
                path.display()
            ),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("can't lock {}", lock_path.display()));
            }
        }
        check_format(path)?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The folder holds stream keys and orders: for its owner only.
fn create(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn check_format(path: &Path) -> Result<()> {
    let file = path.join("format");
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return fs::write(&file, format!("{FORMAT}\n"))
                .with_context(|| format!("can't write {}", file.display()));
        }
        Err(error) => return Err(error).with_context(|| format!("can't read {}", file.display())),
    };
    match text.trim().parse::<u32>() {
        Ok(format) if format <= FORMAT => Ok(()),
        Ok(format) => bail!(
            "the data folder {} has format {format}, this hawker knows formats up to {FORMAT}: start the newer hawker \
             that wrote it, or choose another folder with [data] dir",
            path.display()
        ),
        Err(_) => bail!("{} doesn't hold a format number: is this a data folder of hawker?", file.display()),
    }
}
