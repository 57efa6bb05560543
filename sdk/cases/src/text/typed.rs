//! What a word processor or a habit makes of a line, told as what it is: quotes that are none, days in another order, blanks in a name.

/// What is said of a quote that is none.
pub(super) const MARK: &str =
    "this is a typographic quote, as word processors write it; write a straight one, `\"`, and switch the change off";

/// Quotes that are none in TOML.
const MARKS: [char; 11] = ['“', '”', '„', '‟', '«', '»', '‘', '’', '‚', '´', '`'];

/// The column, from 1, of the first typographic quote outside of straight ones and comments.
pub(super) fn column_of_mark(line: &str) -> Option<usize> {
    let mut open: Option<char> = None;
    for (index, letter) in line.chars().enumerate() {
        match (open, letter) {
            (None, '#') => return None,
            (None, '"' | '\'') => open = Some(letter),
            (Some(quote), _) if quote == letter => open = None,
            (None, _) if MARKS.contains(&letter) => return Some(index + 1),
            _ => {}
        }
    }
    None
}

/// What is wrong at a column of a line that the reader said something about, where it is one of the habits.
/// Gives the column where that begins.
pub(super) fn fault(line: &str, column: usize, said: &str) -> Option<(usize, String)> {
    let letters: Vec<char> = line.chars().collect();
    let is_between = |letter: &char| "=[{,]}# \t".contains(*letter);
    let before = letters.get(..column.saturating_sub(1))?;
    let from = before.iter().rposition(is_between).map_or(0, |place| place + 1);
    let value: String = letters.iter().skip(from).take_while(|letter| !is_between(letter)).collect();
    if is_other_day(&value) {
        return Some((
            from + 1,
            format!("`{value}` is a day in another order; write year, month and day, such as `2026-03-31`"),
        ));
    }
    let key = line.split('=').next().unwrap_or_default().trim();
    let is_split = said.starts_with("key with no value") && key.contains(char::is_whitespace) && line.contains('=');
    is_split.then(|| {
        let words: Vec<&str> = key.split_whitespace().collect();
        let blank = if key.contains('\t') { "a tab" } else { "a blank" };
        (column, format!("{blank} stands in the name `{}`; write it as one word", words.join(" ")))
    })
}

/// Whether it is a day as people write it: three numbers with strokes or points between them.
fn is_other_day(value: &str) -> bool {
    ['/', '.'].into_iter().any(|between| {
        let parts: Vec<&str> = value.split(between).collect();
        let is_number = |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        parts.len() == 3 && parts.iter().all(is_number)
    })
}
