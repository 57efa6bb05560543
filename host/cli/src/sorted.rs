//! JSON with the names of every object in order, as all JSON of this program has them, written without a tree of values in between.

use std::fmt::Display;
use std::ops::Range;

use serde::ser::{
    self, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, Serializer,
};
use serde_json::{Error, Result};

/// Adds `value` to `out`.
/// # Errors
/// When it is none that JSON can say.
pub fn write<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> Result<()> {
    value.serialize(Sorted { out })
}

struct Sorted<'o> {
    out: &'o mut Vec<u8>,
}

/// A list on its way.
struct List<'o> {
    out: &'o mut Vec<u8>,
    is_begun: bool,
}

/// An object on its way: its members stand in `out` one after the other, each with a comma behind it.
struct Object<'o> {
    out: &'o mut Vec<u8>,
    members: Vec<Member>,
    /// What closes it.
    end: &'static [u8],
}

/// Where a member stands.
struct Member {
    name: Range<usize>,
    /// Behind its comma.
    end: usize,
}

impl<'o> Sorted<'o> {
    fn plain<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        serde_json::to_writer(self.out, value)
    }

    fn list(self) -> List<'o> {
        self.out.push(b'[');
        List { out: self.out, is_begun: false }
    }

    fn object(self, members: usize) -> Object<'o> {
        self.out.push(b'{');
        Object { out: self.out, members: Vec::with_capacity(members), end: b"}" }
    }

    /// An object whose only member is named for the variant; its value follows.
    fn variant(self, variant: &str) -> Result<Self> {
        self.out.push(b'{');
        serde_json::to_writer(&mut *self.out, variant)?;
        self.out.push(b':');
        Ok(self)
    }
}

impl List<'_> {
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        if self.is_begun {
            self.out.push(b',');
        }
        self.is_begun = true;
        write(self.out, value)
    }

    fn close(self) {
        self.out.push(b']');
    }
}

impl Object<'_> {
    fn name<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<()> {
        let from = self.out.len();
        serde_json::to_writer(&mut *self.out, name)?;
        let end = self.out.len();
        self.out.push(b':');
        self.members.push(Member { name: from..end, end });
        Ok(())
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        write(self.out, value)?;
        self.out.push(b',');
        if let Some(member) = self.members.last_mut() {
            member.end = self.out.len();
        }
        Ok(())
    }

    fn add<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        self.name(name)?;
        self.value(value)
    }

    fn close(self) {
        let Self { out, mut members, end } = self;
        if let Some(start) = members.first().map(|member| member.name.start) {
            if !members.is_sorted_by_key(|member| out.get(member.letters())) {
                members.sort_by(|one, other| out.get(one.letters()).cmp(&out.get(other.letters())));
                // In order behind those that stand there, and then over them.
                let behind = out.len();
                for member in &members {
                    out.extend_from_within(member.name.start..member.end);
                }
                out.copy_within(behind.., start);
                out.truncate(behind);
            }
            // The comma behind the last.
            out.pop();
        }
        out.extend_from_slice(end);
    }
}

impl Member {
    /// Where the name stands, without its quotes.
    fn letters(&self) -> Range<usize> {
        self.name.start.saturating_add(1)..self.name.end.saturating_sub(1)
    }
}

/// What `serde_json` writes the same.
macro_rules! plainly {
    ($($method:ident($value:ty)),+ $(,)?) => {
        $(fn $method(self, value: $value) -> Result<()> {
            self.plain(&value)
        })+
    };
}

impl<'o> Serializer for Sorted<'o> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = List<'o>;
    type SerializeTuple = List<'o>;
    type SerializeTupleStruct = List<'o>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Object<'o>;
    type SerializeStruct = Object<'o>;
    type SerializeStructVariant = Object<'o>;

    plainly! {
        serialize_bool(bool),
        serialize_i8(i8),
        serialize_i16(i16),
        serialize_i32(i32),
        serialize_i64(i64),
        serialize_u8(u8),
        serialize_u16(u16),
        serialize_u32(u32),
        serialize_u64(u64),
        serialize_f32(f32),
        serialize_f64(f64),
        serialize_char(char),
        serialize_str(&str),
        serialize_bytes(&[u8]),
    }

    fn serialize_none(self) -> Result<()> {
        self.plain(&())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        self.plain(&())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.plain(&())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<()> {
        self.plain(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        let Sorted { out } = self.variant(variant)?;
        write(out, value)?;
        out.push(b'}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'o>> {
        Ok(self.list())
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'o>> {
        Ok(self.list())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List<'o>> {
        Ok(self.list())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        Err(ser::Error::custom("a variant of several values has no form in this program's JSON"))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Object<'o>> {
        Ok(self.object(length.unwrap_or_default()))
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Object<'o>> {
        Ok(self.object(length))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Object<'o>> {
        Ok(Object { end: b"}}", ..self.variant(variant)?.object(length) })
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<()> {
        serde_json::Serializer::new(self.out).collect_str(value)
    }
}

/// Lists of every kind are written alike.
macro_rules! lists {
    ($($kind:ident::$add:ident),+ $(,)?) => {
        $(impl $kind for List<'_> {
            type Ok = ();
            type Error = Error;

            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.add(value)
            }

            fn end(self) -> Result<()> {
                self.close();
                Ok(())
            }
        })+
    };
}

lists!(SerializeSeq::serialize_element, SerializeTuple::serialize_element, SerializeTupleStruct::serialize_field);

/// Objects whose names are known beforehand are written alike.
macro_rules! objects {
    ($($kind:ident),+) => {
        $(impl $kind for Object<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
                self.add(name, value)
            }

            fn end(self) -> Result<()> {
                self.close();
                Ok(())
            }
        })+
    };
}

objects!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for Object<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.name(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.value(value)
    }

    fn end(self) -> Result<()> {
        self.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;

    use super::*;

    #[derive(Serialize, Default)]
    enum Sort {
        #[default]
        Plain,
        Of(u8),
        Both {
            two: u8,
            one: u8,
        },
    }

    #[derive(Serialize, Default)]
    struct Inner {
        #[serde(skip_serializing_if = "Option::is_none")]
        zebra: Option<&'static str>,
        ape: i64,
    }

    #[derive(Serialize, Default)]
    struct Outer {
        words: Vec<&'static str>,
        sort: Sort,
        inner: Vec<Inner>,
        #[serde(flatten)]
        more: BTreeMap<&'static str, Option<bool>>,
        nothing: (),
        a: (u8, char),
    }

    /// As a tree of values is written, whose names are in order.
    #[test]
    fn it_writes_what_a_tree_would() {
        let inner = || vec![Inner { zebra: Some("é \"quoted\"\n"), ape: -1 }, Inner::default()];
        let more = BTreeMap::from([("m", Some(true)), ("a b", None), ("aa", Some(false)), ("zz", None)]);
        for outer in [
            Outer::default(),
            Outer { words: vec!["b", "a"], inner: inner(), ..Outer::default() },
            Outer { sort: Sort::Of(3), more, a: (1, 'x'), ..Outer::default() },
            Outer { sort: Sort::Both { two: 2, one: 1 }, inner: inner(), ..Outer::default() },
        ] {
            let mut written = b"before ".to_vec();
            write(&mut written, &outer).expect("writes");
            let tree = serde_json::to_value(&outer).expect("a tree").to_string();
            assert_eq!(String::from_utf8(written).expect("text"), format!("before {tree}"));
        }
    }
}
