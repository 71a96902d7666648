//! Partners for as many as possible.

use std::collections::VecDeque;

const NOBODY: usize = usize::MAX;

/// Pairs off as many of `size` points as the allowed pairs let, each with one partner at most.
///
/// Starts from neighbours, lower points first, and then lengthens by augmenting paths through odd circles
/// (Edmonds, "Paths, trees, and flowers", 1965), so that no other choice of pairs has more of them.
/// Returns the partner of each point.
pub(super) fn most_partners(
    size: usize,
    allowed: &impl Fn(usize, usize) -> bool,
) -> Vec<Option<usize>> {
    let mut partner = neighbours(size, allowed);
    for root in 0..size {
        if partner[root] == NOBODY {
            let mut search = Search::new(root, &partner);
            if let Some(end) = search.run(allowed) {
                partner = search.exchanged(end);
            }
        }
    }
    partner
        .into_iter()
        .map(|partner| (partner != NOBODY).then_some(partner))
        .collect()
}

/// Each point, from the lowest, with the next higher one that is free and allowed.
fn neighbours(size: usize, allowed: &impl Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut partner = vec![NOBODY; size];
    for point in 0..size {
        if partner[point] != NOBODY {
            continue;
        }
        let mut free = (point + 1..size).filter(|other| partner[*other] == NOBODY);
        if let Some(other) = free.find(|other| allowed(point, *other)) {
            partner[point] = other;
            partner[other] = point;
        }
    }
    partner
}

/// The search for a path that leads from a free point to another one, over pairs that are and are not made in turn.
struct Search<'a> {
    partner: &'a [usize],
    root: usize,
    /// The point before, of points that stand at odd distance from the root.
    before: Vec<usize>,
    /// The point that stands for the odd circle that a point was shrunk into.
    base: Vec<usize>,
    even: Vec<bool>,
    queue: VecDeque<usize>,
}

impl<'a> Search<'a> {
    fn new(root: usize, partner: &'a [usize]) -> Self {
        let mut even = vec![false; partner.len()];
        even[root] = true;
        Search {
            partner,
            root,
            before: vec![NOBODY; partner.len()],
            base: (0..partner.len()).collect(),
            even,
            queue: VecDeque::from([root]),
        }
    }

    /// The free point at the other end of the path, if there is one.
    fn run(&mut self, allowed: &impl Fn(usize, usize) -> bool) -> Option<usize> {
        while let Some(point) = self.queue.pop_front() {
            for other in 0..self.partner.len() {
                let inside = self.base[point] == self.base[other] || self.partner[point] == other;
                if other == point || inside || !allowed(point, other) {
                    continue;
                }
                let mate = self.partner[other];
                let closes = other == self.root || mate != NOBODY && self.before[mate] != NOBODY;
                if closes {
                    self.shrink(point, other);
                } else if self.before[other] == NOBODY {
                    self.before[other] = point;
                    if mate == NOBODY {
                        return Some(other);
                    }
                    self.even[mate] = true;
                    self.queue.push_back(mate);
                }
            }
        }
        None
    }

    /// Makes one point of the odd circle that the pair of two even points closes.
    fn shrink(&mut self, one: usize, other: usize) {
        let meeting = self.common_base(one, other);
        let mut inside = vec![false; self.partner.len()];
        self.mark(one, meeting, other, &mut inside);
        self.mark(other, meeting, one, &mut inside);
        for point in 0..self.partner.len() {
            if inside[self.base[point]] {
                self.base[point] = meeting;
                if !self.even[point] {
                    self.even[point] = true;
                    self.queue.push_back(point);
                }
            }
        }
    }

    fn common_base(&self, one: usize, other: usize) -> usize {
        let mut passed = vec![false; self.partner.len()];
        let mut at = self.base[one];
        loop {
            passed[at] = true;
            if at == self.root || self.partner[at] == NOBODY {
                break;
            }
            at = self.base[self.before[self.partner[at]]];
        }
        let mut at = self.base[other];
        while !passed[at] {
            at = self.base[self.before[self.partner[at]]];
        }
        at
    }

    fn mark(&mut self, mut point: usize, meeting: usize, mut child: usize, inside: &mut [bool]) {
        while self.base[point] != meeting {
            let mate = self.partner[point];
            inside[self.base[point]] = true;
            inside[self.base[mate]] = true;
            self.before[point] = child;
            child = mate;
            point = self.before[mate];
        }
    }

    /// The partners without the pairs on the path to `end`, and with those between them.
    fn exchanged(&self, end: usize) -> Vec<usize> {
        let mut changed = self.partner.to_vec();
        let mut point = end;
        while point != NOBODY {
            let before = self.before[point];
            let next = changed[before];
            changed[point] = before;
            changed[before] = point;
            point = next;
        }
        changed
    }
}
