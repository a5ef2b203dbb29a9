//! Inputs on which something was wrong once. They are kept as bytes, because a seed stands for another
//! walk when the generator changes.

use lanspread_sim::{from_hex, run};

/// What was wrong, and the input that showed it.
const REGRESSIONS: &[(&str, &str)] = &[
    (
        "a disk that was full for a moment left an intent log until the next start",
        "e7000000000000000000000000000000000000fd00000000000000000000000000000000000000000000000000000000\
         0000008000000000e941000000d6b300994af90000000000000000f300000000",
    ),
    (
        "a power cut during a switch left files under both names, and the switch was never completed",
        "da00cf650000000000000000000000000000000000000000000000f10000000000000000000000000000000000000000\
         b1ce0000e2000000ccd700000000000002f7000000000000000000e1000000002ca80000d700000055ac000000000000\
         000000da00000000",
    ),
    (
        "a verify that found every byte as it should be left what an unfinished repair had gathered for ever",
        "46000000b500000000000000000000b1000000000000006f00000000000000000000000000000000000000000000000003cd\
         00fc00000000300000006c0000006500000000000000b9fb00ff00000000",
    ),
];

#[test]
fn what_was_wrong_once_is_wrong_no_more() {
    for (story, input) in REGRESSIONS {
        let input = from_hex(input).expect("an input in hexadecimal");
        if let Err(failure) = run(&input) {
            panic!("{story}: {failure}");
        }
    }
}
