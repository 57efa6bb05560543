//! Faults as they are found: the first hundred are kept and the rest are counted, whatever is sent.

use super::FieldFault;

/// Most faults that one answer names.
pub const FAULTS_MAX: usize = 100;

/// What is wrong with something that was sent.
///
/// ```
/// use adjudica_service::{Faults, FieldFault};
///
/// let faults: Faults = (0..250).map(|row| FieldFault::new(format!("[{row}]"), "is missing")).collect();
/// assert_eq!((faults.named().len(), faults.left_out()), (100, 150));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    named: Vec<FieldFault>,
    left_out: usize,
}

impl Faults {
    /// The first of them.
    #[must_use]
    pub fn named(&self) -> &[FieldFault] {
        &self.named
    }

    /// How many there are besides.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Each in words, its field first, and how many there are besides: for a caller that puts them under its own heading.
    ///
    /// ```
    /// use adjudica_service::{Faults, FieldFault};
    ///
    /// let faults: Faults = (0..102).map(|row| FieldFault::new(format!("[{row}]"), "is missing")).collect();
    /// assert_eq!(faults.told().next().as_deref(), Some("[0]: is missing"));
    /// assert_eq!(faults.told().last().as_deref(), Some("and 2 more; mend these first"));
    /// ```
    pub fn told(&self) -> impl Iterator<Item = String> {
        let named = self.named.iter().map(|FieldFault { field, message }| match field.as_str() {
            "" => message.clone(),
            field => format!("{field}: {message}"),
        });
        named.chain(self.left_out_in_words())
    }

    /// How many there are besides those that are named, in words; `None` where all are named.
    #[must_use]
    pub fn left_out_in_words(&self) -> Option<String> {
        (self.left_out > 0).then(|| format!("and {} more; mend these first", self.left_out))
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    /// Adds one.
    pub fn push(&mut self, fault: FieldFault) {
        if self.named.len() < FAULTS_MAX {
            self.named.push(fault);
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// Adds those that were found elsewhere.
    pub fn add(&mut self, others: Self) {
        self.extend(others.named);
        self.left_out = self.left_out.saturating_add(others.left_out);
    }

    /// What there is to say of them in one sentence.
    #[must_use]
    pub fn in_short(&self) -> String {
        match (self.named.as_slice(), self.left_out) {
            ([only], _) if only.field.is_empty() => only.message.clone(),
            ([only], _) => format!("{}: {}", only.field, only.message),
            (several, 0) => format!("{} faults; each is named in `errors`", several.len()),
            (named, more) => {
                let all = named.len().saturating_add(more);
                format!("{all} faults; the first {} are named in `errors`: mend these and send it again", named.len())
            }
        }
    }

    /// Those that are named, and how many there are besides.
    #[must_use]
    pub fn into_parts(self) -> (Vec<FieldFault>, usize) {
        (self.named, self.left_out)
    }
}

impl Extend<FieldFault> for Faults {
    fn extend<T: IntoIterator<Item = FieldFault>>(&mut self, faults: T) {
        faults.into_iter().for_each(|fault| self.push(fault));
    }
}

impl FromIterator<FieldFault> for Faults {
    fn from_iter<T: IntoIterator<Item = FieldFault>>(faults: T) -> Self {
        let mut all = Self::default();
        all.extend(faults);
        all
    }
}

impl From<FieldFault> for Faults {
    fn from(fault: FieldFault) -> Self {
        Self::from_iter([fault])
    }
}

impl From<Vec<FieldFault>> for Faults {
    fn from(faults: Vec<FieldFault>) -> Self {
        faults.into_iter().collect()
    }
}
