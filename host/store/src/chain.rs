//! The hash chain over an agency's decisions: how a link is made and what a check found. Reads no database.

use adjudica_core::Digest;

/// Words that start every hashed link, so that no other use of SHA-256 can give the same bytes.
const DOMAIN: &[u8] = b"adjudica decision v1\n";

/// What a check of an agency's chain found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainReport {
    /// Decisions that the chain should hold.
    pub length: i64,
    /// The first sequence that is missing or does not fit; `None` when the whole chain fits.
    pub first_broken: Option<i64>,
    /// The hash of the last decision that fits: write it down elsewhere to notice a chain that was replaced.
    pub head: Digest,
    /// The last decision that was looked at, where others come after it that were not; `None` at the end of the chain.
    pub next_after: Option<i64>,
}

/// A walk along an agency's chain, link by link.
pub(crate) struct ChainWalk {
    head: Option<(i64, String)>,
    seen: i64,
    fits_through: i64,
    last_fitting: Digest,
    first_broken: Option<i64>,
}

impl ChainWalk {
    /// Starts a walk behind the decision `after`, whose hash is `before`: 0 and none for the whole chain. `head` is the length and
    /// last hash that the chain should have.
    pub(crate) fn after(after: i64, before: Option<String>, head: Option<(i64, String)>) -> Self {
        let before = if after <= 0 { Some(chain_start()) } else { before.and_then(|hash| Digest::parse(&hash).ok()) };
        let first_broken = before.is_none().then_some(after);
        let after = after.max(0);
        Self { head, seen: after, fits_through: after, last_fitting: before.unwrap_or_else(chain_start), first_broken }
    }

    /// The last sequence that was checked.
    pub(crate) fn seen(&self) -> i64 {
        self.seen
    }

    /// Checks the next link; `hashes` are the one before and its own, as stored.
    pub(crate) fn check(&mut self, sequence: i64, hashes: (&str, &str), record: &str) {
        self.seen = sequence;
        if self.first_broken.is_some() {
            return;
        }
        let expected = self.fits_through.saturating_add(1);
        if sequence != expected {
            self.first_broken = Some(expected);
            return;
        }
        let hash = chain_hash(sequence, self.last_fitting, record);
        if hex(self.last_fitting) == hashes.0 && hex(hash) == hashes.1 {
            self.fits_through = sequence;
            self.last_fitting = hash;
        } else {
            self.first_broken = Some(sequence);
        }
    }

    /// What the walk found so far; there may be more behind it.
    pub(crate) fn pause(self) -> ChainReport {
        let length = self.head.as_ref().map_or(0, |(length, _)| *length);
        if self.seen >= length {
            return self.finish();
        }
        ChainReport {
            length,
            first_broken: self.first_broken,
            head: self.last_fitting,
            next_after: self.first_broken.is_none().then_some(self.seen),
        }
    }

    /// What the walk found. A chain that ends before its head is broken after its last link.
    pub(crate) fn finish(self) -> ChainReport {
        let length = self.head.as_ref().map_or(0, |(length, _)| *length);
        let head_fits = match &self.head {
            Some((length, hash)) => *length == self.seen && *hash == hex(self.last_fitting),
            None => self.seen == 0,
        };
        let after_end = self.fits_through.saturating_add(1);
        let first_broken = self.first_broken.or((!head_fits).then_some(after_end));
        ChainReport { length, first_broken, head: self.last_fitting, next_after: None }
    }
}

/// The hash before the first decision of an agency.
#[must_use]
pub fn chain_start() -> Digest {
    Digest::of(b"")
}

/// The hash of the decision at `sequence`: SHA-256 of the domain line, the sequence, the hash before it and the record.
#[must_use]
pub fn chain_hash(sequence: i64, previous_hash: Digest, record: &str) -> Digest {
    let sequence = sequence.to_string();
    let previous = hex(previous_hash);
    Digest::of_parts(&[DOMAIN, sequence.as_bytes(), b"\n", previous.as_bytes(), b"\n", record.as_bytes()])
}

/// 64 lower-case hexadecimal digits.
pub(crate) fn hex(digest: Digest) -> String {
    let digit = |nibble: u8| char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 });
    digest.as_bytes().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_writes_digests_as_the_core_does() {
        let digest = Digest::of(b"adjudica");
        assert_eq!(hex(digest), digest.to_string());
    }

    #[test]
    fn it_hashes_sequence_previous_and_record() {
        let by_hand = Digest::of(format!("adjudica decision v1\n7\n{}\n{{}}", chain_start()).as_bytes());
        assert_eq!(chain_hash(7, chain_start(), "{}"), by_hand);
    }
}
