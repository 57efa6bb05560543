//! A text as a database gives it. SQLite keeps any bytes as text: what is no UTF-8 is shown by a sign that no name has, so that its
//! row is a fault of its own and stands in nobody's way.

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueRef};
use sqlx::sqlite::{SqliteTypeInfo, SqliteValueRef};
use sqlx::{Decode, Postgres, Sqlite, Type};

/// A text, perhaps with signs for bytes that are no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lossy(pub(crate) String);

impl Type<Sqlite> for Lossy {
    fn type_info() -> SqliteTypeInfo {
        <String as Type<Sqlite>>::type_info()
    }

    fn compatible(of_column: &SqliteTypeInfo) -> bool {
        <String as Type<Sqlite>>::compatible(of_column)
    }
}

impl<'r> Decode<'r, Sqlite> for Lossy {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        let bytes = <&[u8] as Decode<'r, Sqlite>>::decode(value)?;
        Ok(Self(String::from_utf8_lossy(bytes).into_owned()))
    }
}

impl Type<Postgres> for Lossy {
    fn type_info() -> PgTypeInfo {
        <String as Type<Postgres>>::type_info()
    }

    fn compatible(of_column: &PgTypeInfo) -> bool {
        <String as Type<Postgres>>::compatible(of_column)
    }
}

impl<'r> Decode<'r, Postgres> for Lossy {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        <String as Decode<'r, Postgres>>::decode(value).map(Self)
    }
}

impl From<Lossy> for String {
    fn from(text: Lossy) -> Self {
        text.0
    }
}

/// Names two ways to read a text of `$row` by its column, one that is there and one that may be absent.
macro_rules! read_texts {
    ($row:expr, $text:ident, $text_or_none:ident) => {
        let $text = |column: usize| $row.try_get::<$crate::raw::lossy::Lossy, _>(column).map(String::from);
        let $text_or_none = |column: usize| {
            let text = $row.try_get::<Option<$crate::raw::lossy::Lossy>, _>(column)?;
            Ok::<_, sqlx::Error>(text.map(String::from))
        };
    };
}
pub(crate) use read_texts;

/// The text that bytes are; what is no UTF-8 in them is shown by a sign that no name has, so that its row is a fault of its own.
pub(crate) fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
