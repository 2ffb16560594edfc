//! Dials as they are written in the site file.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_yaml::Spanned;

use super::{Check, Said, SaidVisitor, SiteError, Text, WireRelated, domain};
use crate::dial::{Age, Choice, Dials, Pattern, Publisher};
use crate::topic::TopicKey;

/// Adds the keys of dials, and that of related links, to those of a map: `serde(flatten)` would lose where they stand.
macro_rules! with_dials {
    ($(#[$attribute:meta])* $visible:vis struct $name:ident { $($key:ident: $value:ty,)* }) => {
        $(#[$attribute])*
        #[derive(Default, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        $visible struct $name {
            $($key: $value,)*
            related: Option<crate::site::WireRelated>,
            min_quality: Option<serde_yaml::Spanned<crate::site::dials::WireScalar>>,
            min_heat: Option<serde_yaml::Spanned<crate::site::dials::WireScalar>>,
            max_age: Option<serde_yaml::Spanned<crate::site::dials::WireScalar>>,
            types: Option<serde_yaml::Spanned<crate::site::dials::WireChoice>>,
            categories: Option<serde_yaml::Spanned<crate::site::dials::WireChoice>>,
            providers: Option<serde_yaml::Spanned<crate::site::dials::WireChoice>>,
            title_matches: Option<serde_yaml::Spanned<crate::site::dials::WireChoice>>,
        }

        impl $name {
            /// Takes the dials out of it.
            fn dials(&mut self) -> crate::site::dials::WireDials {
                crate::site::dials::WireDials {
                    related: self.related.take(),
                    min_quality: self.min_quality.take(),
                    min_heat: self.min_heat.take(),
                    max_age: self.max_age.take(),
                    types: self.types.take(),
                    categories: self.categories.take(),
                    providers: self.providers.take(),
                    title_matches: self.title_matches.take(),
                }
            }
        }
    };
}

pub(super) use with_dials;

/// What lifts a measure or an age that holds for all.
const NONE: &str = "none";

/// The dials of one map.
#[derive(Default)]
pub(super) struct WireDials {
    pub(super) related: Option<WireRelated>,
    pub(super) min_quality: Option<Spanned<WireScalar>>,
    pub(super) min_heat: Option<Spanned<WireScalar>>,
    pub(super) max_age: Option<Spanned<WireScalar>>,
    pub(super) types: Option<Spanned<WireChoice>>,
    pub(super) categories: Option<Spanned<WireChoice>>,
    pub(super) providers: Option<Spanned<WireChoice>>,
    pub(super) title_matches: Option<Spanned<WireChoice>>,
}

/// A number or a text, as it is written.
pub(super) struct WireScalar(String);

impl<'de> Deserialize<'de> for WireScalar {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = WireScalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<WireScalar, E> {
        Ok(WireScalar(text.to_owned()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<WireScalar, E> {
        Ok(WireScalar(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<WireScalar, E> {
        Ok(WireScalar(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<WireScalar, E> {
        Ok(WireScalar(number.to_string()))
    }
}

/// A text or a list of texts, which are what may be; or a map of what may be and what may not.
pub(super) enum WireChoice {
    Include(Said),
    Both(WireBoth),
}

/// What may be, and what may not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireBoth {
    include: Option<Spanned<Said>>,
    exclude: Option<Spanned<Said>>,
}

impl<'de> Deserialize<'de> for WireChoice {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ChoiceVisitor)
    }
}

struct ChoiceVisitor;

impl<'de> Visitor<'de> for ChoiceVisitor {
    type Value = WireChoice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list of texts, or a map of `include` and `exclude`")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<WireChoice, E> {
        SaidVisitor.visit_str(text).map(WireChoice::Include)
    }

    fn visit_bool<E>(self, _: bool) -> Result<WireChoice, E> {
        Ok(WireChoice::Include(Said::Other))
    }

    fn visit_i64<E>(self, _: i64) -> Result<WireChoice, E> {
        Ok(WireChoice::Include(Said::Other))
    }

    fn visit_u64<E>(self, _: u64) -> Result<WireChoice, E> {
        Ok(WireChoice::Include(Said::Other))
    }

    fn visit_f64<E>(self, _: f64) -> Result<WireChoice, E> {
        Ok(WireChoice::Include(Said::Other))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<WireChoice, A::Error> {
        SaidVisitor.visit_seq(list).map(WireChoice::Include)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WireChoice, A::Error> {
        WireBoth::deserialize(MapAccessDeserializer::new(map)).map(WireChoice::Both)
    }
}

impl Check<'_> {
    /// What a map says of dials, and what `others` say where it says nothing.
    pub(super) fn dials(&self, given: &WireDials, others: &Dials) -> Result<Dials, SiteError> {
        let title_matches = self.choices("title_matches", given.title_matches.as_ref(), "\"*update*\"", |text| {
            Pattern::parse(&text.value).map_err(|why| {
                let help = "write a glob over the whole title, such as \"*update*\", or a regular expression such as \
                            '/\\bAI\\b/'";
                self.error(Some(text), format!("`{}` in `title_matches` {}", text.value, is_or_has(&why)), help)
            })
        })?;
        Ok(Dials {
            min_quality: self.measure("min_quality", given.min_quality.as_ref(), others.min_quality)?,
            min_heat: self.measure("min_heat", given.min_heat.as_ref(), others.min_heat)?,
            max_age: self.age("max_age", given.max_age.as_ref(), others.max_age)?,
            types: self.words("types", given.types.as_ref())?.or_else(|| others.types.clone()),
            categories: self.words("categories", given.categories.as_ref())?.or_else(|| others.categories.clone()),
            providers: self.publishers("providers", given.providers.as_ref())?.or_else(|| others.providers.clone()),
            title_matches: title_matches.or_else(|| others.title_matches.clone()),
        })
    }

    pub(super) fn measure(
        &self,
        name: &str,
        given: Option<&Spanned<WireScalar>>,
        others: Option<i32>,
    ) -> Result<Option<i32>, SiteError> {
        let Some(given) = given else { return Ok(others) };
        match given.value.0.trim() {
            NONE => Ok(None),
            text => text.parse().map(Some).map_err(|_| {
                let help = format!("write it like `{name}: 40`, or `{name}: {NONE}` to lift one that holds for all");
                self.error(Some(given), format!("`{name}` is not a whole number"), help)
            }),
        }
    }

    pub(super) fn age(
        &self,
        name: &str,
        given: Option<&Spanned<WireScalar>>,
        others: Option<Age>,
    ) -> Result<Option<Age>, SiteError> {
        let Some(given) = given else { return Ok(others) };
        if given.value.0.trim() == NONE {
            return Ok(None);
        }
        Age::parse(&given.value.0).map(Some).ok_or_else(|| {
            let help = "write a whole number and a unit, such as 12 hours, 30 days, 4 weeks, 6 months or 1 year";
            self.error(Some(given), format!("`{name}` is not an age"), help)
        })
    }

    fn words(&self, name: &str, given: Option<&Spanned<WireChoice>>) -> Result<Option<Choice<TopicKey>>, SiteError> {
        self.choices(name, given, "news", |text| match TopicKey::of(&text.value) {
            word if word == TopicKey::all() => Err(self.error(Some(text), format!("a word in `{name}` is empty"), "take it out")),
            word => Ok(word),
        })
    }

    pub(super) fn publishers(
        &self,
        name: &str,
        given: Option<&Spanned<WireChoice>>,
    ) -> Result<Option<Choice<Publisher>>, SiteError> {
        self.choices(name, given, "example.org", |text| {
            let wanted = text.value.trim();
            let bare = wanted.split_once("://").map_or(wanted, |(_, rest)| rest).trim_end_matches('/');
            let domain = domain(bare).filter(|domain| domain.contains('.'));
            if TopicKey::of(wanted) == TopicKey::all() || (wanted.contains("://") && domain.is_none()) {
                let help = "write a domain, such as example.org, or the name of a provider";
                return Err(self.error(Some(text), format!("this is no provider in `{name}`"), help));
            }
            Ok(Publisher { domain, name: TopicKey::of(wanted) })
        })
    }

    /// What may be and what may not, each made of its text by `make`.
    fn choices<T>(
        &self,
        name: &str,
        given: Option<&Spanned<WireChoice>>,
        example: &str,
        make: impl Fn(&Spanned<String>) -> Result<T, SiteError>,
    ) -> Result<Option<Choice<T>>, SiteError> {
        let Some(given) = given else { return Ok(None) };
        let place = Spanned::new((), given.referenced, given.defined);
        let list = |said: &Said, place: &Spanned<()>| {
            let said = Spanned::new(said.clone(), place.referenced, place.defined);
            let one = |(text, more): &Text| match more {
                None => make(text),
                Some(more) => {
                    let help = format!("write it like `{name}: [{example}]` or `{name}: {{exclude: [{example}]}}`");
                    Err(self.error(Some(more), format!("`{name}` is a list of texts"), help))
                }
            };
            self.texts(name, Some(said), &format!("[{example}]"))?.iter().map(one).collect::<Result<Vec<T>, SiteError>>()
        };
        let part = |part: &Option<Spanned<Said>>| {
            let list = |part: &Spanned<Said>| list(&part.value, &Spanned::new((), part.referenced, part.defined));
            part.as_ref().map_or_else(|| Ok(Vec::new()), list)
        };
        Ok(Some(match &given.value {
            WireChoice::Include(said) => Choice { include: list(said, &place)?, exclude: Vec::new() },
            WireChoice::Both(WireBoth { include, exclude }) => Choice { include: part(include)?, exclude: part(exclude)? },
        }))
    }
}

/// What a pattern is or has, as the end of a sentence about it.
fn is_or_has(why: &str) -> String {
    if why.starts_with("is ") || why.starts_with("has ") { why.to_owned() } else { format!("cannot be read: {why}") }
}
