//! Serde for the types that travel as one validated string.
//!
//! Its one invariant: nothing is deserialised except through the type's own `FromStr`, so that
//! a value from the network is as valid as one that was parsed.

/// Implements `Serialize`, `Deserialize` and `FromStr`-based validation for a string newtype
/// that has `Display` and `FromStr`.
macro_rules! string_serde {
    ($type:ty, $expecting:literal) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Parsed;
                impl serde::de::Visitor<'_> for Parsed {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Parsed)
            }
        }
    };
}

pub(crate) use string_serde;
