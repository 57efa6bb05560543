//! Keeps compiled policies on local disk, each under a name that says what it is and a MAC that says we wrote it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use adjudica_core::Digest;
use hmac::{Hmac, KeyInit, Mac};
use rustix::fs::{CWD, RenameFlags};
use sha2::{Digest as _, Sha256};

use crate::artifact::OwnArtifact;
use crate::engine::WASMTIME_VERSION;
use crate::error::EngineError;
use crate::profile::PROFILE_VERSION;

const KEY_FILE: &str = "key";
const KEY_BYTES: usize = 32;
const MAC_BYTES: usize = 32;
/// Set by anyone but the owner, these bits let others plant machine code.
const WRITABLE_BY_OTHERS: u32 = 0o022;
const OWNER_ONLY: u32 = 0o700;

/// A folder of compiled policies. Several processes may share it: files are written beside, renamed into place, never changed.
pub(crate) struct Cache {
    dir: PathBuf,
    key: [u8; KEY_BYTES],
    /// What the settings of this engine mean for compiled code.
    compatibility: String,
}

impl Cache {
    /// Opens or makes the folder and its key.
    pub(crate) fn open(dir: &Path, engine: &wasmtime::Engine) -> Result<Self, EngineError> {
        let unusable = |source| EngineError::CacheUnusable { path: dir.to_owned(), source };
        DirBuilder::new().recursive(true).mode(OWNER_ONLY).create(dir).map_err(unusable)?;
        let mode = fs::metadata(dir).map_err(unusable)?.permissions().mode() & 0o7777;
        if mode & WRITABLE_BY_OTHERS != 0 {
            return Err(EngineError::CacheOpenToOthers { path: dir.to_owned(), mode });
        }
        fs::set_permissions(dir, fs::Permissions::from_mode(OWNER_ONLY)).map_err(unusable)?;
        let key =
            load_or_make_key(dir).map_err(|source| EngineError::CacheUnusable { path: dir.join(KEY_FILE), source })?;
        let mut hasher = CompatibilityHasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let compatibility = format!("{:016x}", hasher.finish());
        Ok(Self { dir: dir.to_owned(), key, compatibility })
    }

    /// The compiled form of the policy file with that digest. A file that we did not write or that was cut off is removed.
    pub(crate) fn find(&self, digest: Digest) -> Option<OwnArtifact> {
        let name = self.name(digest);
        let path = self.dir.join(&name);
        let mut bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(file = %path.display(), "compiled policy cannot be read and is compiled again: {error}");
                return None;
            }
        };
        let artifact = bytes.split_off(bytes.len().min(MAC_BYTES));
        if self.mac(&name, &artifact).is_some_and(|mac| mac.verify_slice(&bytes).is_ok()) {
            // INVARIANT (own machine code): these very bytes carry a MAC that only holders of the key can make.
            return Some(OwnArtifact::vouch(artifact));
        }
        tracing::warn!(file = %path.display(), "compiled policy was damaged or not written by this host; it is compiled again");
        self.discard(digest);
        None
    }

    /// Writes a compiled policy down; an existing file stays as it is.
    pub(crate) fn keep(&self, digest: Digest, artifact: &OwnArtifact) -> io::Result<()> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let name = self.name(digest);
        let mac = self.mac(&name, artifact.as_bytes()).ok_or_else(|| io::Error::other("the key is unusable"))?;
        let unique = format!(".{name}.{}.{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let beside = self.dir.join(unique);
        let written = write_synced(&beside, &[mac.finalize().into_bytes().as_slice(), artifact.as_bytes()])
            .and_then(|()| rename_into_place(&beside, &self.dir.join(&name)))
            .and_then(|()| File::open(&self.dir)?.sync_all());
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written
    }

    /// Removes a compiled policy that is of no use.
    pub(crate) fn discard(&self, digest: Digest) {
        let path = self.dir.join(self.name(digest));
        if let Err(error) = fs::remove_file(&path) {
            tracing::warn!(file = %path.display(), "useless compiled policy cannot be removed: {error}");
        }
    }

    fn name(&self, digest: Digest) -> String {
        format!("{digest}-{WASMTIME_VERSION}-p{PROFILE_VERSION}-{}.bin", self.compatibility)
    }

    /// The MAC covers the name too: a good file under another policy's name is a bad file.
    fn mac(&self, name: &str, artifact: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(name.as_bytes());
        mac.update(&[0]);
        mac.update(artifact);
        Some(mac)
    }
}

fn write_synced(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.sync_all()
}

/// Renames, and gives way to a file that is already there.
fn rename_into_place(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::EXIST) => fs::remove_file(from),
        Err(error) => Err(error.into()),
    }
}

/// The key of this folder, made at first use. Whoever comes second takes the first one's.
fn load_or_make_key(dir: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let path = dir.join(KEY_FILE);
    match read_key(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => return read,
    }
    let mut key = [0; KEY_BYTES];
    File::open("/dev/urandom")?.read_exact(&mut key)?;
    let beside = dir.join(format!(".{KEY_FILE}.{}", std::process::id()));
    let _ = fs::remove_file(&beside);
    write_synced(&beside, &[&key])?;
    rename_into_place(&beside, &path)?;
    read_key(&path)
}

fn read_key(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let mut file = File::open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        return Err(io::Error::other(
            "the key can be read by other users; delete it, a new one is made at the next start",
        ));
    }
    let mut key = [0; KEY_BYTES];
    file.read_exact(&mut key)?;
    Ok(key)
}

/// Turns wasmtime's compatibility hash into a name that does not change with the standard library.
struct CompatibilityHasher(Sha256);

impl Hasher for CompatibilityHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let hash: [u8; 32] = self.0.clone().finalize().into();
        hash.first_chunk().map_or(0, |chunk| u64::from_be_bytes(*chunk))
    }
}
