//! Data of any shape that a tester adds to a report or step.

use crate::model::Number;
use crate::model::number::NumberRule::Whole;
use crate::read::TextRule::Length;
use crate::read::record;

/// The longest text where the schema sets no limit.
const NO_LIMIT: usize = usize::MAX;

record! {
    /// A named set of properties: an element of `additionalData` or `additionalResults`.
    pub struct AdditionalData {
        /// 1 to 200 characters.
        "name" name: String = Length(1, 200),
        /// The properties.
        "props" props: Vec<AdditionalProperty>,
    }
    check |this, reader| { reader.require("name", this.name.is_some()); }
}

record! {
    /// A property.
    pub struct AdditionalProperty {
        /// At least one character.
        "name" name: String = Length(1, NO_LIMIT),
        /// As text: `Number`, `String`, `Obj`, `Array` and others.
        "type" kind: String = Length(1, NO_LIMIT),
        /// Property flags.
        "flags" flags: Number = Whole,
        /// The value as text.
        "value" value: String,
        /// A comment.
        "comment" comment: String,
        /// A format for numbers.
        "numFormat" num_format: String,
        /// Properties inside this one.
        "props" props: Vec<Option<AdditionalProperty>>,
        /// An array.
        "array" array: AdditionalArray,
    }
    check |this, reader| {
        reader.require("name", this.name.is_some());
        reader.require("type", this.kind.is_some());
    }
}

record! {
    /// An array of properties.
    pub struct AdditionalArray {
        /// Number of dimensions.
        "dimension" dimension: Number = Whole,
        /// Type of the elements, as text.
        "type" kind: String,
        /// The elements.
        "indexes" indexes: Vec<Option<AdditionalArrayIndex>>,
    }
    check |this, reader| {
        reader.require("dimension", this.dimension.is_some());
        reader.require("type", this.kind.is_some());
        reader.require("indexes", this.indexes.is_some());
    }
}

record! {
    /// An element of an array.
    pub struct AdditionalArrayIndex {
        /// The index as text: `[0][1]`.
        "text" text: String,
        /// The index of each dimension.
        "indexes" indexes: Vec<Number> = Whole,
        /// The element.
        "value" value: Box<AdditionalProperty>,
    }
    check |this, reader| {
        reader.require("text", this.text.is_some());
        reader.require("indexes", this.indexes.is_some());
    }
}
