//! The ranking that a judge's lists give.

use serde::Serialize;

use super::judged::UnscoredItem;
use super::report::{Effect, RankedItem};
use crate::judging::protocol::{HeardList, ListRun};
use crate::judging::{Reason, label};
use crate::stats::strengths::{
    ListAgreement, RankRange, StrengthsError, TieredList, list_agreement, listed_strengths,
};
use crate::stats::{DEFAULT_LEVEL, Interval};

/// A ranking by lists.
#[derive(Debug, Clone, Serialize)]
pub struct ListedRanking {
    /// The items, the best first; none where the lists that were read do not link them all.
    pub items: Vec<RankedItem>,
    /// Always `listwise`.
    pub method: &'static str,
    /// `plackett-luce with places`, or `plackett-luce` where places could not be told from items.
    pub model: &'static str,
    /// Unit of the strengths, what becomes of ties, and the prior.
    pub convention: String,
    /// How the intervals were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_method: Option<String>,
    /// Nominal coverage of every interval.
    pub level: f64,
    /// Groups of items that no list that was read links, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<Vec<String>>>,
    /// Items in no list that was read, which have no place.
    pub unscored: Vec<UnscoredItem>,
    /// `narrow`, `budget`, `exhausted` or `failed`.
    pub stop: &'static str,
    /// Lists asked for.
    pub lists: u64,
    /// Lists that were read.
    pub read: usize,
    /// How items were dealt into lists.
    pub design: DesignReport,
    /// What being shown first adds in log-odds over the other places; absent where no item was shown at two places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_effect: Option<Effect>,
    /// What each place adds, with mean zero.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub place_effects: Vec<PlaceEffect>,
    /// How far the lists agree with each other.
    pub consistency: Consistency,
    /// Lists that came to nothing.
    pub failed: Vec<FailedList>,
    /// What should be known beside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// How items were dealt into lists.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct DesignReport {
    /// Items in each list.
    pub items_per_list: usize,
    /// Lists in which all items are shown once.
    pub lists_per_repeat: usize,
    /// Items that neighbouring lists share at least.
    pub overlap: usize,
}

/// What a place adds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PlaceEffect {
    /// Its letter.
    pub place: char,
    /// The effect in log-odds.
    pub value: f64,
    /// Its interval.
    pub ci: [f64; 2],
    /// How often the item shown there was named best, ties counted for each.
    pub best: usize,
}

/// How far lists agree with each other.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Consistency {
    /// Kendall's coefficient of concordance; null unless all lists are of the same items.
    pub kendall_w: Option<f64>,
    /// Kendall's tau-b between two lists, in the mean.
    pub mean_tau: Option<f64>,
}

/// A list that came to nothing.
#[derive(Debug, Clone, Serialize)]
pub struct FailedList {
    /// The repeat that it is of, from 1.
    pub repeat: u32,
    /// The items in the order in which they were shown.
    pub shown: Vec<String>,
    /// Why: a stable code.
    pub reason: &'static str,
    /// The same in words.
    pub detail: String,
}

/// The ranking that lists give, under the prior that their widths were taken by.
///
/// # Errors
/// No list that was read, or strengths that cannot be fitted.
pub fn by_lists(
    names: &[String],
    run: &ListRun,
    ridge: f64,
) -> Result<ListedRanking, StrengthsError> {
    let read = run.read();
    let groups = linked(names.len(), &read);
    let alone: Vec<usize> = (0..names.len())
        .filter(|item| !read.iter().any(|list| names_item(list, *item)))
        .collect();
    let groups: Vec<Vec<usize>> = groups
        .into_iter()
        .filter(|group| !group.iter().all(|item| alone.contains(item)))
        .collect();
    let mut ranking = ListedRanking {
        items: Vec::new(),
        method: "listwise",
        model: "plackett-luce",
        convention: format!(
            "log-odds with mean zero; ties in each of their orders with equal shares; ridge {ridge}"
        ),
        interval_method: None,
        level: DEFAULT_LEVEL,
        groups: None,
        unscored: alone.iter().map(|item| unplaced(names, *item)).collect(),
        stop: run.stop.name(),
        lists: run.asked,
        read: read.len(),
        design: DesignReport {
            items_per_list: run.design.size,
            lists_per_repeat: run.design.lists,
            overlap: run.design.overlap,
        },
        first_effect: None,
        place_effects: Vec::new(),
        consistency: consistency(&read),
        failed: failed(names, &run.lists),
        notes: Vec::new(),
    };
    if groups.len() > 1 {
        let name = |group: Vec<usize>| group.iter().map(|item| names[*item].clone()).collect();
        ranking.groups = Some(groups.into_iter().map(name).collect());
        ranking.notes.push(
            "the lists that were read fall into groups that no list links, so that nothing says which group is better; \
             more repeats link them"
                .to_owned(),
        );
        return Ok(ranking);
    }
    fit(&mut ranking, names, &alone, (&read, ridge))?;
    if run.design.lists > 1 {
        ranking.notes.push(format!(
            "a list bears {} of {} images: each repeat shows them in {} lists that overlap",
            run.design.size,
            names.len(),
            run.design.lists
        ));
    }
    Ok(ranking)
}

fn fit(
    ranking: &mut ListedRanking,
    names: &[String],
    alone: &[usize],
    (read, ridge): (&[TieredList], f64),
) -> Result<(), StrengthsError> {
    let placed: Vec<usize> = (0..names.len())
        .filter(|item| !alone.contains(item))
        .collect();
    let lists: Vec<TieredList> = read
        .iter()
        .map(|list| among(&placed, alone, list))
        .collect();
    let found = listed_strengths(placed.len(), &lists, ridge)?;
    ranking.interval_method = found.intervals.first().map(|one| one.method.to_string());
    ranking.items = (placed.iter().enumerate())
        .map(|(at, item)| RankedItem {
            item: names[*item].clone(),
            strength: found.values[at],
            ci: Some(ends(&found.intervals[at])),
            rank: found.ranks[at],
            rank_ci: Some(range(found.rank_ranges[at])),
        })
        .collect();
    ranking
        .items
        .sort_by(|one, other| (one.rank, &one.item).cmp(&(other.rank, &other.item)));
    if let Some((value, interval)) = &found.first_effect {
        ranking.model = "plackett-luce with places";
        ranking.first_effect = Some(Effect {
            value: *value,
            ci: Some(ends(interval)),
        });
    } else {
        ranking.notes.push(
            "no image was shown at two places, so that what a place adds cannot be told; more repeats tell it".to_owned(),
        );
    }
    let best = |place: usize| {
        let named =
            |list: &&TieredList| list.tiers.first().is_some_and(|best| best.contains(&place));
        read.iter().filter(named).count()
    };
    ranking.place_effects = (found.place_effects.iter().enumerate())
        .map(|(place, (value, interval))| PlaceEffect {
            place: label(place),
            value: *value,
            ci: ends(interval),
            best: best(place),
        })
        .collect();
    Ok(())
}

/// The same list with the items of `placed` first; the others take places, and no more.
fn among(placed: &[usize], alone: &[usize], list: &TieredList) -> TieredList {
    let number = |item: &u32| {
        let item = *item as usize;
        let before = placed.partition_point(|other| *other < item);
        let at = match alone.binary_search(&item) {
            Ok(at) => placed.len() + at,
            Err(_) => before,
        };
        u32::try_from(at).expect("items are counted in 32 bits")
    };
    TieredList {
        shown: list.shown.iter().map(number).collect(),
        tiers: list.tiers.clone(),
    }
}

fn names_item(list: &TieredList, item: usize) -> bool {
    let mut named = list.tiers.iter().flatten();
    named.any(|place| list.shown[*place] as usize == item)
}

/// Groups of items that lists link, each in the order of its items.
fn linked(items: usize, lists: &[TieredList]) -> Vec<Vec<usize>> {
    let mut group: Vec<usize> = (0..items).collect();
    for list in lists {
        let mut named = list
            .tiers
            .iter()
            .flatten()
            .map(|place| list.shown[*place] as usize);
        let Some(first) = named.next() else { continue };
        for other in named {
            let (one, other) = (group[first], group[other]);
            if one != other {
                group
                    .iter_mut()
                    .filter(|of| **of == other)
                    .for_each(|of| *of = one);
            }
        }
    }
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); items];
    for (item, of) in group.iter().enumerate() {
        groups[*of].push(item);
    }
    groups.retain(|group| !group.is_empty());
    groups.sort();
    groups
}

fn unplaced(names: &[String], item: usize) -> UnscoredItem {
    UnscoredItem {
        item: names[item].clone(),
        reason: Reason::Unparsed.code(),
        detail: "no list that was read ranks it".to_owned(),
    }
}

fn consistency(read: &[TieredList]) -> Consistency {
    let named = |list: &TieredList| -> Vec<Vec<u32>> {
        let tier = |tier: &Vec<usize>| tier.iter().map(|place| list.shown[*place]).collect();
        list.tiers.iter().map(tier).collect()
    };
    let lists: Vec<Vec<Vec<u32>>> = read.iter().map(named).collect();
    let ListAgreement {
        kendall_w,
        mean_tau,
        ..
    } = list_agreement(&lists);
    Consistency {
        kendall_w,
        mean_tau,
    }
}

fn failed(names: &[String], lists: &[HeardList]) -> Vec<FailedList> {
    let failed = lists.iter().filter_map(|list| {
        let unscored = list.order.as_ref().err()?;
        Some(FailedList {
            repeat: list.repeat + 1,
            shown: list
                .shown
                .iter()
                .map(|item| names[*item as usize].clone())
                .collect(),
            reason: unscored.reason.code(),
            detail: unscored.detail.clone(),
        })
    });
    failed.collect()
}

fn ends(interval: &Interval) -> [f64; 2] {
    [interval.low, interval.high]
}

fn range(range: RankRange) -> [u32; 2] {
    [range.best, range.worst]
}
