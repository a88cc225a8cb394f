//! Files inside a report.

use crate::model::Kind;
use crate::read::TextRule::Length;
use crate::read::record;

record! {
    /// A file of a step, or of a repair report.
    pub struct Attachment {
        /// 1 to 256 characters.
        "name" name: String = Length(1, 256),
        /// A media type, 1 to 100 characters.
        "contentType" content_type: String = Length(1, 100),
        /// The content in base64, not empty.
        "data" data: String = Length(1, usize::MAX),
        /// Up to 500 characters.
        "description" description: String = Length(0, 500),
    }
    check |this, reader| { reader.require("name", this.name.is_some()); }
}

record! {
    /// A file of a whole report. A test demands all of name, type and content, a repair the name alone.
    pub struct BinaryData {
        /// A media type, 1 to 100 characters.
        "contentType" content_type: String = Length(1, 100),
        /// The content in base64.
        "data" data: String,
        /// 1 to 256 characters.
        "name" name: String = Length(1, 256),
        /// Up to 500 characters.
        "description" description: String = Length(0, 500),
    }
    check |this, reader| {
        reader.require("name", this.name.is_some());
        if reader.kind() == Kind::Test {
            reader.require("contentType", this.content_type.is_some());
            reader.require("data", this.data.is_some());
        }
    }
}
