//! The bytes of a file as text: what editors and spreadsheets save that is no UTF-8 is told as what it is.

use crate::Fault;

/// The text of a file, without a byte order mark.
///
/// ```
/// use adjudica_cases::text::decode;
///
/// assert_eq!(decode("\u{FEFF}[policy]".as_bytes()).expect("UTF-8"), "[policy]");
/// let fault = decode(&[b'a', b'\n', b'b', 0xE9]).expect_err("Latin-1");
/// assert_eq!((fault.line, fault.column), (2, 2));
/// ```
/// # Errors
/// A [`Fault`] at the first byte that is no UTF-8.
pub fn decode(bytes: &[u8]) -> Result<String, Fault> {
    if let [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [_, 0, ..] | [0, _, ..] = bytes {
        let message = "the file is UTF-16, as some editors save a text; save it as UTF-8";
        return Err(Fault { line: 1, column: 1, message: message.to_owned() });
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{FEFF}').unwrap_or(text).to_owned()),
        Err(error) => {
            let (before, rest) = bytes.split_at_checked(error.valid_up_to()).unwrap_or((bytes, &[]));
            let before = String::from_utf8_lossy(before);
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            let byte = rest.first().copied().unwrap_or_default();
            let message = format!("the byte {byte:02X} is no UTF-8; save the file as UTF-8");
            Err(Fault { line, column, message })
        }
    }
}
