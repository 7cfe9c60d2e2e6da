//! AMF0, the values of RTMP commands and of FLV script tags (Action Message Format 0, Adobe 2007). Knows no command.

use bytes::{Buf as _, BufMut as _};

use super::limits;

/// A value. Object keys keep their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// 2.2
    Number(f64),
    /// 2.3
    Boolean(bool),
    /// 2.4, and 2.14 for long ones; XML documents (2.17) are read as strings. What is not UTF-8 is replaced.
    String(String),
    /// 2.5; typed objects (2.18) are read without their type.
    Object(Vec<(String, Value)>),
    /// 2.7; references (2.9) are read as null.
    Null,
    /// 2.8, and unsupported (2.15).
    Undefined,
    /// 2.10: written as an object with a count.
    EcmaArray(Vec<(String, Value)>),
    /// 2.12
    StrictArray(Vec<Value>),
    /// 2.13: milliseconds since 1970.
    Date(f64),
}

impl Value {
    /// The number, if it is one.
    #[must_use]
    pub const fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The text, if it is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value under `key` of an object or ECMA array.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) | Self::EcmaArray(fields) => {
                fields.iter().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

/// Why bytes are no AMF0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmfError {
    /// They end inside a value.
    Short,
    /// A type that is not AMF0, or not for the wire (movie clips, record sets, AMF3).
    Type(u8),
    /// More values, or more nesting, than the limits allow.
    Limit,
}

impl core::fmt::Display for AmfError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Short => f.write_str("AMF0 ends inside a value"),
            Self::Type(marker) => write!(f, "AMF0 type {marker} is not supported"),
            Self::Limit => f.write_str("AMF0 holds too many values"),
        }
    }
}

impl core::error::Error for AmfError {}

/// Reads values until the bytes end.
pub fn decode_all(data: &[u8]) -> Result<Vec<Value>, AmfError> {
    let mut decoder = Decoder { data, left: limits::AMF_VALUES };
    let mut values = Vec::new();
    while !decoder.data.is_empty() {
        values.push(decoder.value(0)?);
    }
    Ok(values)
}

struct Decoder<'a> {
    data: &'a [u8],
    /// Values that may still be made.
    left: usize,
}

impl Decoder<'_> {
    fn value(&mut self, depth: usize) -> Result<Value, AmfError> {
        self.left = self.left.checked_sub(1).ok_or(AmfError::Limit)?;
        if depth > limits::AMF_DEPTH {
            return Err(AmfError::Limit);
        }
        Ok(match self.u8()? {
            0 => Value::Number(self.f64()?),
            1 => Value::Boolean(self.u8()? != 0),
            2 => Value::String(self.string()?),
            3 => Value::Object(self.fields(depth)?),
            5 => Value::Null,
            7 => {
                let _index = self.u16()?;
                Value::Null
            }
            6 | 13 => Value::Undefined,
            8 => {
                // The count is a hint: the end marker decides.
                self.u32()?;
                Value::EcmaArray(self.fields(depth)?)
            }
            10 => {
                let count = self.u32()?;
                let mut values = Vec::new();
                for _ in 0..count {
                    values.push(self.value(depth + 1)?);
                }
                Value::StrictArray(values)
            }
            11 => {
                let date = self.f64()?;
                let _zone = self.u16()?;
                Value::Date(date)
            }
            12 | 15 => {
                let length = self.u32()? as usize;
                Value::String(self.text(length)?)
            }
            16 => {
                self.string()?;
                Value::Object(self.fields(depth)?)
            }
            other => return Err(AmfError::Type(other)),
        })
    }

    fn fields(&mut self, depth: usize) -> Result<Vec<(String, Value)>, AmfError> {
        let mut fields = Vec::new();
        loop {
            let key = self.string()?;
            if key.is_empty() && self.data.first() == Some(&9) {
                self.data.advance(1);
                return Ok(fields);
            }
            // Some encoders leave the end marker of the last object out.
            if key.is_empty() && self.data.is_empty() {
                return Ok(fields);
            }
            fields.push((key, self.value(depth + 1)?));
        }
    }

    fn string(&mut self) -> Result<String, AmfError> {
        let length = usize::from(self.u16()?);
        self.text(length)
    }

    fn text(&mut self, length: usize) -> Result<String, AmfError> {
        let (text, rest) = self.data.split_at_checked(length).ok_or(AmfError::Short)?;
        self.data = rest;
        Ok(String::from_utf8_lossy(text).into_owned())
    }

    fn u8(&mut self) -> Result<u8, AmfError> {
        self.data.try_get_u8().map_err(|_| AmfError::Short)
    }

    fn u16(&mut self) -> Result<u16, AmfError> {
        self.data.try_get_u16().map_err(|_| AmfError::Short)
    }

    fn u32(&mut self) -> Result<u32, AmfError> {
        self.data.try_get_u32().map_err(|_| AmfError::Short)
    }

    fn f64(&mut self) -> Result<f64, AmfError> {
        self.data.try_get_f64().map_err(|_| AmfError::Short)
    }
}

/// Writes a value. Strings and keys beyond their length field are cut at a character.
pub fn encode(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Number(number) => {
            out.put_u8(0);
            out.put_f64(*number);
        }
        Value::Boolean(truth) => out.put_slice(&[1, u8::from(*truth)]),
        Value::String(text) if text.len() > usize::from(u16::MAX) => {
            let text = cut(text, u32::MAX as usize);
            out.put_u8(12);
            out.put_u32(text.len() as u32);
            out.put_slice(text.as_bytes());
        }
        Value::String(text) => {
            out.put_u8(2);
            key(out, text);
        }
        Value::Object(fields) => {
            out.put_u8(3);
            encode_fields(out, fields);
        }
        Value::Null => out.put_u8(5),
        Value::Undefined => out.put_u8(6),
        Value::EcmaArray(fields) => {
            out.put_u8(8);
            out.put_u32(fields.len() as u32);
            encode_fields(out, fields);
        }
        Value::StrictArray(values) => {
            out.put_u8(10);
            out.put_u32(values.len() as u32);
            values.iter().for_each(|value| encode(out, value));
        }
        Value::Date(date) => {
            out.put_u8(11);
            out.put_f64(*date);
            out.put_u16(0);
        }
    }
}

fn encode_fields(out: &mut Vec<u8>, fields: &[(String, Value)]) {
    for (name, value) in fields {
        key(out, name);
        encode(out, value);
    }
    out.put_slice(&[0, 0, 9]);
}

fn key(out: &mut Vec<u8>, text: &str) {
    let text = cut(text, usize::from(u16::MAX));
    out.put_u16(text.len() as u16);
    out.put_slice(text.as_bytes());
}

fn cut(text: &str, length: usize) -> &str {
    text.get(..text.floor_char_boundary(length)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            // NaN differs from itself.
            any::<f64>().prop_filter("a number", |n| !n.is_nan()).prop_map(Value::Number),
            any::<bool>().prop_map(Value::Boolean),
            ".{0,20}".prop_map(Value::String),
            Just(Value::Null),
            Just(Value::Undefined),
            (0.0..1e15).prop_map(Value::Date),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            // An empty key is how an object ends.
            let fields = proptest::collection::vec((".{1,8}", inner.clone()), 0..6);
            prop_oneof![
                fields.clone().prop_map(Value::Object),
                fields.prop_map(Value::EcmaArray),
                proptest::collection::vec(inner, 0..6).prop_map(Value::StrictArray),
            ]
        })
    }

    proptest! {
        #[test]
        fn round_trip(values in proptest::collection::vec(values(), 0..4)) {
            let mut data = Vec::new();
            values.iter().for_each(|value| encode(&mut data, value));
            prop_assert_eq!(decode_all(&data), Ok(values));
        }

        #[test]
        fn any_bytes_are_read_or_refused(data: Vec<u8>) {
            let _ = decode_all(&data);
        }
    }

    #[test]
    fn long_strings() {
        let value = Value::String("长".repeat(30_000));
        let mut data = Vec::new();
        encode(&mut data, &value);
        assert_eq!(decode_all(&data), Ok(vec![value]));
    }

    #[test]
    fn counts_are_not_believed() {
        assert_eq!(decode_all(&[10, 0xff, 0xff, 0xff, 0xff]), Err(AmfError::Short));
        let nulls: Vec<u8> = [10, 0, 0, 0xff, 0xff].into_iter().chain([5; 0xffff]).collect();
        assert_eq!(decode_all(&nulls), Err(AmfError::Limit));
        let nested: Vec<u8> = [10, 0, 0, 0, 1].repeat(9);
        assert_eq!(decode_all(&nested), Err(AmfError::Limit));
    }
}
