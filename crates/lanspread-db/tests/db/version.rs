//! What is a version and what a `version.ini` says.

use lanspread_db::{VERSION_INI_BYTES_MAX, Version, VersionError};

#[test]
fn eight_digits_are_a_version_and_nothing_else_is() {
    assert_eq!(Version::parse("20160922").unwrap().as_str(), "20160922");
    assert_eq!(Version::parse("00000000").unwrap().to_string(), "00000000");
    let others = [
        "",
        "2016092",
        "201609222",
        " 20160922",
        "20160922\n",
        "2016-09-22",
        "2016092a",
        "+2016092",
        "٢٠١٦٠٩٢٢",
        "2016092é",
        "1.0",
    ];
    for text in others {
        assert!(Version::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn the_order_of_versions_is_that_of_their_numbers() {
    let version = |text| Version::parse(text).unwrap();
    assert!(version("20160922") < version("20161001"));
    assert!(version("00000009") < version("00000010"));
}

#[test]
fn a_version_ini_is_read_by_its_first_line() {
    let files: [&[u8]; 9] = [
        b"20160922",
        b"20160922\n",
        b"20160922\r\n",
        b"  20160922\t \r\n",
        b"\xef\xbb\xbf20160922\r\n",
        b"\xef\xbb\xbf 20160922",
        b"20160922\nsecond line",
        b"20160922\n\xff\xfe not UTF-8",
        b"20160922\rold line end",
    ];
    for bytes in files {
        assert_eq!(
            Version::from_version_ini(bytes).unwrap().as_str(),
            "20160922",
            "{bytes:?}"
        );
    }
}

#[test]
fn a_file_without_a_stamp_in_its_first_line_is_no_version_ini() {
    let files: [&[u8]; 8] = [
        b"",
        b"\n20160922",
        b"version=20160922",
        b"20160922 beta",
        b"\xff\xfe2\x000\x001\x006\x00",
        b"\xff0160922",
        b"\xef\xbb\xbf\xef\xbb\xbf20160922",
        b"\x0020160922",
    ];
    for bytes in files {
        let error = Version::from_version_ini(bytes).unwrap_err();
        assert!(
            matches!(error, VersionError::NotAStamp { .. }),
            "{bytes:?}: {error}"
        );
    }
}

#[test]
fn a_version_ini_at_the_limit_is_read_and_one_past_is_not() {
    let mut bytes = b"20160922\n".to_vec();
    bytes.resize(VERSION_INI_BYTES_MAX, b'x');
    assert!(Version::from_version_ini(&bytes).is_ok());
    bytes.push(b'x');
    let error = Version::from_version_ini(&bytes).unwrap_err();
    assert_eq!(
        error,
        VersionError::FileTooLarge {
            bytes: VERSION_INI_BYTES_MAX + 1
        }
    );
}

#[test]
fn a_version_travels_as_a_string_and_is_checked_on_arrival() {
    let version = Version::parse("20160922").unwrap();
    assert_eq!(serde_json::to_string(&version).unwrap(), "\"20160922\"");
    assert_eq!(
        serde_json::from_str::<Version>("\"20160922\"").unwrap(),
        version
    );
    for hostile in ["20160922", "\"2016\"", "null"] {
        assert!(
            serde_json::from_str::<Version>(hostile).is_err(),
            "{hostile}"
        );
    }
}
