//! Which items can be reached from which.

/// Links between items, by the item that they leave.
pub(super) struct Links {
    starts: Vec<u32>,
    ends: Vec<u32>,
}

impl Links {
    /// Links given as (from, to).
    pub(super) fn new(items: usize, links: &[(usize, usize)]) -> Self {
        let narrow = |number: usize| u32::try_from(number).expect("votes are counted in 32 bits");
        let mut starts = vec![0_u32; items + 1];
        for (from, _) in links {
            starts[from + 1] += 1;
        }
        for item in 0..items {
            starts[item + 1] += starts[item];
        }
        let mut next = starts.clone();
        let mut ends = vec![0_u32; links.len()];
        for (from, to) in links {
            ends[next[*from] as usize] = narrow(*to);
            next[*from] += 1;
        }
        Links { starts, ends }
    }

    fn items(&self) -> usize {
        self.starts.len() - 1
    }

    fn of(&self, item: usize) -> &[u32] {
        &self.ends[self.starts[item] as usize..self.starts[item + 1] as usize]
    }
}

/// The strongly connected components, each before those that lead to it (Tarjan 1972, without recursion).
pub(super) fn components(links: &Links) -> Vec<Vec<usize>> {
    const UNSEEN: u32 = u32::MAX;
    let mut order = vec![UNSEEN; links.items()];
    let mut lowest = vec![0_u32; links.items()];
    let mut open = vec![false; links.items()];
    let mut pending = Vec::new();
    let mut path: Vec<(usize, usize)> = Vec::new();
    let mut components = Vec::new();
    let mut seen = 0_u32;
    for root in 0..links.items() {
        if order[root] != UNSEEN {
            continue;
        }
        path.push((root, 0));
        while let Some((item, done)) = path.pop() {
            if done == 0 {
                order[item] = seen;
                lowest[item] = seen;
                seen += 1;
                pending.push(item);
                open[item] = true;
            }
            match links.of(item).get(done) {
                Some(&next) => {
                    path.push((item, done + 1));
                    let next = next as usize;
                    if order[next] == UNSEEN {
                        path.push((next, 0));
                    } else if open[next] {
                        lowest[item] = lowest[item].min(order[next]);
                    }
                }
                None => {
                    if let Some((parent, _)) = path.last() {
                        lowest[*parent] = lowest[*parent].min(lowest[item]);
                    }
                    if lowest[item] == order[item] {
                        let from = pending.iter().rposition(|other| *other == item);
                        let from = from.expect("an item is pending until its component ends");
                        let mut component = pending.split_off(from);
                        component.iter().for_each(|member| open[*member] = false);
                        component.sort_unstable();
                        components.push(component);
                    }
                }
            }
        }
    }
    components
}

/// Number of sets of items that hang together, whichever way links lead.
pub(super) fn islands(links: &Links) -> usize {
    let all = (0..links.items())
        .flat_map(|item| links.of(item).iter().map(move |end| (item, *end as usize)));
    joined(links.items(), all)
}

/// Number of sets into which `pairs` join the items.
pub(super) fn joined(items: usize, pairs: impl Iterator<Item = (usize, usize)>) -> usize {
    let mut parent: Vec<usize> = (0..items).collect();
    let mut sets = items;
    for (one, other) in pairs {
        let (one, other) = (root(&mut parent, one), root(&mut parent, other));
        if one != other {
            parent[one] = other;
            sets -= 1;
            if sets == 1 {
                break;
            }
        }
    }
    sets
}

fn root(parent: &mut [usize], mut item: usize) -> usize {
    while parent[item] != item {
        parent[item] = parent[parent[item]];
        item = parent[item];
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_come_before_those_that_lead_to_them() {
        let links = Links::new(7, &[(0, 1), (1, 2), (2, 0), (3, 2), (3, 4), (4, 3), (5, 3)]);
        assert_eq!(
            components(&links),
            [vec![0, 1, 2], vec![3, 4], vec![5], vec![6]]
        );
        assert_eq!(islands(&links), 2);
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let links: Vec<(usize, usize)> = (1..200_000).map(|item| (item - 1, item)).collect();
        let links = Links::new(200_000, &links);
        assert_eq!(components(&links).len(), 200_000);
        assert_eq!(islands(&links), 1);
    }
}
