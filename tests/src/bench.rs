//! What the benchmarks share.

use std::time::Duration;

/// The value below which `share` percent of the sorted ones lie.
pub fn percentile(sorted: &[Duration], share: usize) -> Duration {
    sorted
        .get((sorted.len() * share / 100).min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

/// A report of `steps` numeric steps; about 190 bytes a step.
pub fn report(number: u16, steps: u16) -> Vec<u8> {
    let step = |at: u16| {
        format!(
            r#"{{"id":{at},"group":"M","stepType":"ET_NLT","name":"Measurement {at}","status":"P","totTime":0.25,"numericMeas":[{{"compOp":"GELE","status":"P","unit":"V","value":{at}.125,"lowLimit":0,"highLimit":1000}}]}}"#
        )
    };
    let steps: Vec<String> = (1..=steps).map(step).collect();
    format!(
        r#"{{"type":"T","pn":"BENCH","sn":"B{number:06}","rev":"A","processCode":10,"result":"P","start":"2026-01-02T03:04:05+01:00","root":{{"id":0,"group":"M","stepType":"SequenceCall","name":"Main","status":"P","steps":[{}]}}}}"#,
        steps.join(",")
    )
    .into_bytes()
}
