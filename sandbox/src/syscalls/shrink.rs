//! Makes a filter program shorter: equal answers are shared, and what nothing leads to is left out. The kernel translates
//! and compiles each instruction for each job.

use seccompiler::{BpfProgram, sock_filter};

use super::emit::{JUMP, JUMP_EQUAL, JUMP_GREATER_EQUAL, RETURN};

/// The farthest that a conditional jump can lead.
const FARTHEST: usize = 255;

/// Shortens a program, which means the same after it.
pub(super) fn shrink(mut program: BpfProgram) -> BpfProgram {
    loop {
        let before = program.len();
        share_answers(&mut program);
        program = without_unreached(&program);
        if program.len() == before {
            return program;
        }
    }
}

/// Leads each conditional jump to an answer to the last equal one that it can reach.
fn share_answers(program: &mut BpfProgram) {
    for at in 0..program.len() {
        let Some(mut jump) = program.get(at).cloned().filter(is_conditional) else {
            continue;
        };
        for way in [&mut jump.jt, &mut jump.jf] {
            *way = last_equal(program, at + 1, *way);
        }
        if let Some(place) = program.get_mut(at) {
            *place = jump;
        }
    }
}

fn last_equal(program: &BpfProgram, next: usize, way: u8) -> u8 {
    let answer = |over: usize| program.get(next + over).filter(|one| one.code == RETURN);
    let Some(wanted) = answer(usize::from(way)) else {
        return way;
    };
    let equal = |over: &usize| answer(*over).is_some_and(|one| one.k == wanted.k);
    let last = (usize::from(way)..=FARTHEST).rev().find(equal);
    last.and_then(|over| u8::try_from(over).ok()).unwrap_or(way)
}

/// The instructions that can be reached, with jumps as long as they need to be.
fn without_unreached(program: &BpfProgram) -> BpfProgram {
    let mut reached = vec![false; program.len()];
    let mut open = vec![0];
    while let Some(at) = open.pop() {
        let Some(mark) = reached.get_mut(at).filter(|mark| !**mark) else {
            continue;
        };
        *mark = true;
        if let Some(one) = program.get(at) {
            open.extend(targets(one, at));
        }
    }
    let kept = |from: usize, to: usize| {
        let between = reached.get(from..to).unwrap_or_default();
        between.iter().filter(|mark| **mark).count()
    };
    let mut shorter = BpfProgram::new();
    for (at, one) in program.iter().enumerate() {
        if !reached.get(at).is_some_and(|mark| *mark) {
            continue;
        }
        let over = |way: usize| kept(at + 1, at + 1 + way);
        let short = |way: u8| u8::try_from(over(way.into())).unwrap_or(way);
        let mut one = one.clone();
        if is_conditional(&one) {
            (one.jt, one.jf) = (short(one.jt), short(one.jf));
        } else if one.code == JUMP {
            one.k = u32::try_from(over(length(one.k))).unwrap_or(one.k);
        }
        shorter.push(one);
    }
    shorter
}

/// Where an instruction leads.
fn targets(one: &sock_filter, at: usize) -> Vec<usize> {
    let next = at + 1;
    match one.code {
        RETURN => Vec::new(),
        JUMP => vec![next + length(one.k)],
        _ if is_conditional(one) => vec![next + usize::from(one.jt), next + usize::from(one.jf)],
        _ => vec![next],
    }
}

fn is_conditional(one: &sock_filter) -> bool {
    matches!(one.code, JUMP_EQUAL | JUMP_GREATER_EQUAL)
}

fn length(k: u32) -> usize {
    usize::try_from(k).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::names::NATIVE;
    use super::super::profile::Profile;
    use super::*;

    #[test]
    fn a_filter_becomes_shorter_by_a_third() {
        let before = super::super::emit::unshrunk(&Profile::Builtin.answers(NATIVE));
        let after = shrink(before.clone());
        assert!(
            after.len() * 3 < before.len() * 2,
            "{} {}",
            before.len(),
            after.len()
        );
    }
}
