//! FTR: results of functional tests.

use stationd_report::{BooleanMeasurement, Measurements};

use super::records::Fields;
use super::results::{TestResult, Tests, begin, remarks, step};
use crate::ConvertError;

/// FTR: pass or fail of a pattern.
pub(super) fn functional(mut fields: Fields<'_>, tests: &mut Tests) -> Result<TestResult, ConvertError> {
    let begin = begin(&mut fields)?;
    let mut told = counts(&mut fields)?;
    let (returned, programmed) = (fields.u2()?.unwrap_or_default(), fields.u2()?.unwrap_or_default());
    for (what, pins) in [("RTN_STAT", returned), ("PGM_STAT", programmed)] {
        let indexes = fields.indexes(pins.into())?;
        let states = fields.nibbles(pins.into())?;
        told.extend(tests.pins.listed(what, &indexes, begin.place, &states));
    }
    let failing = fields.bits()?;
    let (vector, time_set, code) = (fields.cn()?, fields.cn()?, fields.cn()?);
    let (name, alarm) = (fields.cn()?, fields.cn()?);
    let (program, result) = (fields.cn()?, fields.cn()?);
    // 255 says that the generator is not known.
    let generator = fields.u1()?.filter(|&number| number != u8::MAX);
    let comparators = fields.bits()?;
    for (what, text) in [
        ("vector", vector),
        ("time set", time_set),
        ("operation code", code),
        ("PROG_TXT", program),
        ("RSLT_TXT", result),
    ] {
        told.extend(text.map(|text| format!("{what}: {text}")));
    }
    told.extend(generator.map(|number| format!("PATG_NUM: {number}")));
    told.extend(tests.pins.listed("FAIL_PIN", &failing, begin.place, &[]));
    told.extend(tests.pins.listed("SPIN_MAP", &comparators, begin.place, &[]));
    let defaults = tests.defaults.entry(begin.number).or_default();
    if defaults.name.is_none() {
        defaults.name.clone_from(&name);
    }
    told.extend(remarks(begin.flags, alarm, 0));
    let text = told.into_iter();
    let mut step = step(
        &begin,
        name.or(defaults.name.clone()),
        text.reduce(|a, b| a + "\n" + &b),
    );
    step.step_type = Some("ET_PFT".to_owned());
    step.boolean = Some(Measurements::from(BooleanMeasurement {
        status: step.status.clone(),
        ..BooleanMeasurement::default()
    }));
    Ok(TestResult {
        number: begin.number,
        step,
        lost_limits: false,
    })
}

/// The counts of a functional test, from `OPT_FLAG` to `VECT_OFF`; a bit of the flag says that one is not valid.
fn counts(fields: &mut Fields<'_>) -> Result<Vec<String>, ConvertError> {
    const ALL: [(&str, u8); 6] = [
        ("CYCL_CNT", 0x01),
        ("REL_VADR", 0x02),
        ("REPT_CNT", 0x04),
        ("NUM_FAIL", 0x08),
        ("XFAIL_AD", 0x10),
        ("YFAIL_AD", 0x10),
    ];
    let flags = fields.u1()?.unwrap_or(u8::MAX);
    let mut told = Vec::new();
    for (name, invalid) in ALL {
        let count = fields.u4()?.filter(|_| flags & invalid == 0);
        // Addresses may lie below zero.
        told.extend(count.map(|count| match name {
            "XFAIL_AD" | "YFAIL_AD" => format!("{name}: {}", count.cast_signed()),
            _ => format!("{name}: {count}"),
        }));
    }
    let offset = fields.i2()?.filter(|_| flags & 0x20 == 0);
    told.extend(offset.map(|offset| format!("VECT_OFF: {offset}")));
    Ok(told)
}
