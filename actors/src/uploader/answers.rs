//! What each answer of the server means for the report, as a table.

use std::ops::RangeInclusive;

use uuid::Uuid;

use crate::messages::transport::Answer;

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The server has the report.
    Delivered,
    /// The server will never take this report: to the dead letters.
    Refused,
    /// The server does not know us: uploads are parked at once.
    Credentials,
    /// The server does not know the path, or sends us elsewhere: uploads are parked after a few.
    Path,
    /// Not now: the report is tried again.
    Later,
}

/// Status by status; what is not named is tried again, which loses nothing.
///
/// Source: RFC 9110 section 15; DESIGN.md "Upload".
const TABLE: [(RangeInclusive<u16>, Meaning); 13] = [
    (200..=205, Meaning::Delivered),
    // 206 is a part of an answer, which nobody asked for.
    (207..=299, Meaning::Delivered),
    (300..=399, Meaning::Path),
    (400..=400, Meaning::Refused),
    (401..=401, Meaning::Credentials),
    (403..=403, Meaning::Credentials),
    (404..=405, Meaning::Path),
    (407..=407, Meaning::Credentials),
    (409..=409, Meaning::Delivered),
    (410..=410, Meaning::Path),
    (413..=413, Meaning::Refused),
    (415..=415, Meaning::Refused),
    (422..=422, Meaning::Refused),
];

/// What `answer` to the report `id` means.
pub(super) fn meaning(answer: &Answer, id: Uuid) -> Meaning {
    let listed = TABLE
        .iter()
        .find(|(statuses, _)| statuses.contains(&answer.status))
        .map_or(Meaning::Later, |(_, meaning)| *meaning);
    match listed {
        // A page of a portal or proxy is no receipt, whatever its status.
        Meaning::Delivered if !answer.json => Meaning::Later,
        Meaning::Delivered | Meaning::Refused | Meaning::Later if says_it_has(answer, id) => {
            Meaning::Delivered
        }
        // Nor is an error in the clothes of a success.
        Meaning::Delivered if answer.fault && answer.status < 300 => Meaning::Later,
        listed => listed,
    }
}

/// Whether the server says that it has this very report already.
fn says_it_has(answer: &Answer, id: Uuid) -> bool {
    let words = answer.words.to_ascii_lowercase();
    answer.status < 500 && words.contains("already exists") && words.contains(&id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Uuid = Uuid::from_u128(0x33a2_d408_3fc8_480b_b554_6866_c77f_d91c);

    fn answer(status: u16, words: &str) -> Answer {
        Answer {
            status,
            words: words.to_owned(),
            json: true,
            ..Answer::default()
        }
    }

    #[test]
    fn each_status_means_what_the_table_of_the_design_says() {
        use Meaning::{Credentials, Delivered, Later, Path, Refused};
        let table = [
            (Delivered, &[200, 201, 202, 204, 409][..]),
            (Refused, &[400, 413, 415, 422]),
            (Credentials, &[401, 403, 407]),
            (Path, &[301, 302, 307, 308, 404, 405, 410]),
            (
                Later,
                &[
                    206, 402, 406, 408, 411, 418, 425, 429, 431, 500, 501, 502, 503, 504, 507, 599, 999,
                ],
            ),
        ];
        for (expected, statuses) in table {
            for status in statuses {
                assert_eq!(meaning(&answer(*status, ""), ID), expected, "{status}");
            }
        }
    }

    #[test]
    fn a_report_the_server_has_already_is_delivered() {
        let words = format!(
            "A report with id {} Already Exists.",
            ID.to_string().to_uppercase()
        );
        assert_eq!(meaning(&answer(400, &words), ID), Meaning::Delivered);
        assert_eq!(meaning(&answer(400, &words), Uuid::nil()), Meaning::Refused);
        assert_eq!(meaning(&answer(401, &words), ID), Meaning::Credentials);
    }

    #[test]
    fn an_error_with_the_status_of_a_success_is_no_receipt() {
        let fault = |status| Answer {
            fault: true,
            ..answer(status, "database is locked")
        };
        assert_eq!(meaning(&fault(200), ID), Meaning::Later);
        let has = Answer {
            words: format!("report {ID} already exists"),
            ..fault(200)
        };
        assert_eq!(meaning(&has, ID), Meaning::Delivered);
        assert_eq!(meaning(&fault(409), ID), Meaning::Delivered);
    }

    #[test]
    fn the_page_of_a_portal_is_no_receipt() {
        let portal = Answer {
            json: false,
            ..answer(200, "<html>Please log in</html>")
        };
        assert_eq!(meaning(&portal, ID), Meaning::Later);
    }
}
