//! The journal's file: opened, appended to and synced, cut back after a failure. What the bytes mean is the core's.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use hawker_server_core::sale::{State, journal};

/// The open journal. `durable` bytes of it are synced; nothing behind them counts.
#[derive(Debug)]
pub(super) struct JournalFile {
    path: PathBuf,
    file: File,
    durable: u64,
}

impl JournalFile {
    /// Opens or makes the journal at `path` and folds it. What a crash tore off the end is cut away first.
    ///
    /// # Errors
    /// The file can't be read or written, or its middle is damaged: then it is left as it is.
    pub(super) fn open(path: &Path) -> Result<(Self, State)> {
        let attempt = || -> Result<(Self, State)> {
            if !path.exists() {
                create(path)?;
            }
            let mut file = OpenOptions::new().read(true).write(true).open(path)?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            let (state, durable) = fold(&bytes)?;
            if durable < bytes.len() {
                tracing::warn!(bytes = bytes.len() - durable, "cut off a write that a crash had torn");
            }
            let durable = durable as u64;
            file.set_len(durable)?;
            file.sync_all()?;
            Ok((Self { path: path.to_owned(), file, durable }, state))
        };
        attempt().with_context(|| format!("can't open the ledger's journal {}", path.display()))
    }

    /// Bytes that are synced.
    #[must_use]
    pub(super) fn durable(&self) -> u64 {
        self.durable
    }

    /// Where it is.
    #[must_use]
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes one batch and syncs it: one `fdatasync`. Blocks.
    ///
    /// # Errors
    /// Disk full, or broken. Nothing counts as written then; go on with [`Self::reopen`].
    pub(super) fn append(&mut self, batch: &[u8]) -> std::io::Result<()> {
        self.file.seek(SeekFrom::Start(self.durable))?;
        self.file.write_all(batch)?;
        self.file.sync_data()?;
        self.durable += batch.len() as u64;
        Ok(())
    }

    /// After a failure: throws away what may have been half written and reads back what counts, through a new handle,
    /// because after a failed sync the old one may not know what is on the disk.
    ///
    /// # Errors
    /// The disk still fails.
    pub(super) fn reopen(&mut self) -> Result<State> {
        let file = OpenOptions::new().read(true).write(true).open(&self.path)?;
        file.set_len(self.durable)?;
        file.sync_all()?;
        let (opened, state) = Self::open(&self.path)?;
        if opened.durable != self.durable {
            return Err(anyhow!("the journal has {} bytes, not {}", opened.durable, self.durable));
        }
        *self = opened;
        Ok(state)
    }
}

#[cfg(test)]
impl JournalFile {
    /// As if the disk had just become full: every write through the open handle fails.
    pub(super) fn fill_up(&mut self) {
        self.file = OpenOptions::new().write(true).open("/dev/full").unwrap();
    }
}

fn fold(bytes: &[u8]) -> Result<(State, usize)> {
    let mut state = State::default();
    let durable = journal::open(bytes, |batch| {
        let broken = |state: &State, why| journal::OpenError::Inconsistent { seq: state.seq() + 1, why };
        if batch.first != state.seq() + 1 {
            return Err(broken(&state, "a batch is missing before it"));
        }
        for record in &batch.records {
            state.apply(record).map_err(|defect| broken(&state, defect.0))?;
        }
        Ok(())
    })?;
    state.audit().map_err(|defect| anyhow!("the books do not add up: {}", defect.0))?;
    Ok((state, durable))
}

/// Installed whole: a file of this name always begins with a header.
fn create(path: &Path) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    file.write_all(&journal::HEADER)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hawker_server_core::sale::{Fact, ProductSet, Record};

    fn batch(seq: u64, free: u32) -> Vec<u8> {
        let set =
            ProductSet { room: "r".into(), product: "p".into(), price: 1, currency: "CNY".into(), free };
        let mut payload = Vec::new();
        journal::push(&mut payload, &Record { at_ms: seq, fact: Some(Fact::ProductSet(set)) });
        journal::seal(seq, &payload)
    }

    #[test]
    fn what_was_appended_is_there_and_a_torn_end_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.journal");
        let (mut journal, state) = JournalFile::open(&path).unwrap();
        assert_eq!(state, State::default());
        journal.append(&batch(1, 5)).unwrap();
        journal.append(&batch(2, 6)).unwrap();
        let whole = journal.durable();

        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(&batch(3, 7)[..9]).unwrap();
        let (mut journal, state) = JournalFile::open(&path).unwrap();
        assert_eq!((journal.durable(), state.seq()), (whole, 2));
        assert_eq!(path.metadata().unwrap().len(), whole);

        // After a failure only what was synced counts.
        file.write_all(&batch(3, 8)).unwrap();
        assert_eq!(journal.reopen().unwrap(), state);
        journal.append(&batch(3, 9)).unwrap();
        assert_eq!(JournalFile::open(&path).unwrap().1.seq(), 3);
    }

    #[test]
    fn a_journal_damaged_in_its_middle_stops_the_start_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.journal");
        let (mut journal, _) = JournalFile::open(&path).unwrap();
        journal.append(&batch(1, 5)).unwrap();
        journal.append(&batch(2, 6)).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        bytes[20] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let error = format!("{:#}", JournalFile::open(&path).unwrap_err());
        assert!(error.contains("damaged at byte 12"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}
