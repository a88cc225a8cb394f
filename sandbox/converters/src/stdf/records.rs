//! Records: two bytes of length, a type, a subtype, then fields. Source: Standard Test Data Format Specification,
//! version 4.
//!
//! The first record (FAR) says by its own length which byte order the file has. A record may end before its last
//! fields; they are then absent.

use crate::ConvertError;

/// The byte order of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

/// One record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    /// Where it begins in the unpacked file.
    pub(super) offset: usize,
    pub(super) kind: (u8, u8),
    pub(super) fields: Fields<'a>,
}

/// Reads records one after the other.
#[derive(Debug)]
pub(super) struct Records<'a> {
    bytes: &'a [u8],
    offset: usize,
    order: Order,
}

impl<'a> Records<'a> {
    /// Begins a file: its first record must be a FAR of version 4 whose numbers are IEEE 754.
    pub(super) fn begin(bytes: &'a [u8]) -> Result<Self, ConvertError> {
        let order = match bytes.get(..4) {
            Some([2, 0, 0, 10]) => Order::Little,
            Some([0, 2, 0, 10]) => Order::Big,
            _ => {
                return Err(ConvertError::new(
                    "no STDF file: it does not begin with a FAR record",
                ));
            }
        };
        match bytes.get(4..6) {
            Some([0, _]) => Err(ConvertError::new(
                "CPU_TYPE 0 (VAX) in FAR: its floating point is not read",
            )),
            Some([_, 4]) => Ok(Self {
                bytes,
                offset: 6,
                order,
            }),
            Some([_, version]) => Err(ConvertError::new(format!(
                "STDF version {version}; only 4 is read"
            ))),
            _ => Err(cut_off(0)),
        }
    }

    /// The next record; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Record<'a>>, ConvertError> {
        let offset = self.offset;
        let rest = self.bytes.get(offset..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(None);
        }
        let Some(&[a, b, kind, subtype]) = rest.get(..4) else {
            return Err(cut_off(offset));
        };
        let length = match self.order {
            Order::Little => u16::from_le_bytes([a, b]),
            Order::Big => u16::from_be_bytes([a, b]),
        };
        let end = 4 + usize::from(length);
        let Some(body) = rest.get(4..end) else {
            return Err(cut_off(offset));
        };
        self.offset = offset + end;
        let fields = Fields {
            rest: body,
            order: self.order,
            offset,
        };
        Ok(Some(Record {
            offset,
            kind: (kind, subtype),
            fields,
        }))
    }
}

fn cut_off(offset: usize) -> ConvertError {
    ConvertError::new(format!("offset={offset}: the file ends inside a record"))
}

/// The fields of a record, read in their order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    order: Order,
    offset: usize,
}

/// A field; `None` when the record ended before it.
type Field<T> = Result<Option<T>, ConvertError>;

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Field<[u8; N]> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (field, rest) = self.rest.split_first_chunk::<N>().ok_or_else(|| self.short())?;
        self.rest = rest;
        let mut field = *field;
        if self.order == Order::Big {
            field.reverse();
        }
        Ok(Some(field))
    }

    /// The fault of a record that ends too early.
    pub(super) fn short(&self) -> ConvertError {
        ConvertError::new(format!("offset={}: the record ends inside a field", self.offset))
    }

    /// `U*1`, `B*1`
    pub(super) fn u1(&mut self) -> Field<u8> {
        Ok(self.take::<1>()?.map(u8::from_le_bytes))
    }

    /// `U*2`
    pub(super) fn u2(&mut self) -> Field<u16> {
        Ok(self.take()?.map(u16::from_le_bytes))
    }

    /// `U*4`
    pub(super) fn u4(&mut self) -> Field<u32> {
        Ok(self.take()?.map(u32::from_le_bytes))
    }

    /// `I*2`
    pub(super) fn i2(&mut self) -> Field<i16> {
        Ok(self.take()?.map(i16::from_le_bytes))
    }

    /// `R*4`
    pub(super) fn r4(&mut self) -> Field<f32> {
        Ok(self.take()?.map(f32::from_le_bytes))
    }

    /// `C*1`; a blank says nothing.
    pub(super) fn c1(&mut self) -> Field<String> {
        Ok(self
            .u1()?
            .map(|byte| char::from(byte).to_string())
            .filter(|text| !text.trim().is_empty()))
    }

    /// `C*n`: a length byte, then so many characters. Empty ones say nothing.
    pub(super) fn cn(&mut self) -> Field<String> {
        let Some(length) = self.u1()? else { return Ok(None) };
        let (text, rest) = self
            .rest
            .split_at_checked(length.into())
            .ok_or_else(|| self.short())?;
        self.rest = rest;
        let text: String = text.iter().map(|&byte| char::from(byte)).collect();
        Ok(Some(text.trim_matches(['\0', ' ']).to_owned()).filter(|text| !text.is_empty()))
    }

    /// `B*n`, `N*n`, `kxU*1`: so many bytes, fewer when the record ended before them.
    fn bytes(&mut self, n: usize) -> Result<&[u8], ConvertError> {
        if self.rest.is_empty() {
            return Ok(&[]);
        }
        let (bytes, rest) = self.rest.split_at_checked(n).ok_or_else(|| self.short())?;
        self.rest = rest;
        Ok(bytes)
    }

    /// `jxN*1`: four bits for each of `n` pins, the lower half of a byte first.
    pub(super) fn nibbles(&mut self, n: usize) -> Result<Vec<u8>, ConvertError> {
        let bytes = self.bytes(n.div_ceil(2))?;
        let halves = bytes.iter().flat_map(|byte| [byte & 0x0f, byte >> 4]);
        Ok(halves.take(n).collect())
    }

    /// `jxU*2`
    pub(super) fn indexes(&mut self, n: usize) -> Result<Vec<u16>, ConvertError> {
        let order = self.order;
        let (pairs, _) = self.bytes(2 * n)?.as_chunks::<2>();
        let read = |&pair: &[u8; 2]| match order {
            Order::Little => u16::from_le_bytes(pair),
            Order::Big => u16::from_be_bytes(pair),
        };
        Ok(pairs.iter().map(read).collect())
    }

    /// `D*n`: a number of bits, then so many bits; the numbers of those that are set, from 0.
    pub(super) fn bits(&mut self) -> Result<Vec<u16>, ConvertError> {
        let count = self.u2()?.unwrap_or_default();
        let bytes = self.bytes(count.div_ceil(8).into())?;
        let is_set = |bit: &u16| {
            let byte = bytes.get(usize::from(bit / 8));
            byte.is_some_and(|byte| byte >> (bit % 8) & 1 == 1)
        };
        Ok((0..count).filter(is_set).collect())
    }

    /// `HEAD_NUM` and `SITE_NUM` of a part.
    pub(super) fn place(&mut self) -> Result<(u8, u8), ConvertError> {
        let (head, site) = (self.u1()?, self.u1()?);
        head.zip(site).ok_or_else(|| {
            ConvertError::new(format!(
                "offset={}: a record without its head and site",
                self.offset
            ))
        })
    }

    /// Skips `n` bytes.
    pub(super) fn skip(&mut self, n: usize) -> Result<(), ConvertError> {
        self.bytes(n).map(drop)
    }

    /// Where the record begins.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }
}

/// The name of a record type, for messages.
pub(super) fn name(kind: (u8, u8)) -> String {
    let known = match kind {
        (0, 10) => "FAR",
        (0, 20) => "ATR",
        (1, 20) => "MRR",
        (1, 30) => "PCR",
        (1, 40) => "HBR",
        (1, 50) => "SBR",
        (1, 62) => "PGR",
        (1, 63) => "PLR",
        (1, 70) => "RDR",
        (1, 80) => "SDR",
        (2, 20) => "WRR",
        (2, 30) => "WCR",
        (10, 30) => "TSR",
        (20, 10) => "BPS",
        (20, 20) => "EPS",
        (50, 10) => "GDR",
        (50, 30) => "DTR",
        (kind, subtype) => return format!("({kind}, {subtype})"),
    };
    known.to_owned()
}
