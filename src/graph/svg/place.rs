//! How far down everything stands: close to its neighbours, never on top of another, groups as boxes that nothing
//! else enters.

use super::frames::{Frames, Gap};
use super::order::Neighbours;
use super::ranks::Ranked;

/// How often columns settle, once in each direction.
const ROUNDS: usize = 8;

/// How often things are nudged at the end.
const NUDGES: usize = 6;

/// Everything's place.
pub(super) struct Placed {
    /// The middle of each vertex, in pixels.
    pub(super) middle: Vec<f64>,
    /// Top and bottom of each group.
    pub(super) boxes: Vec<(f64, f64)>,
}

/// Places the vertices of each column, which stand in their order.
pub(super) fn placed(frames: &Frames<'_>, neighbours: &Neighbours, order: &[Vec<usize>]) -> Placed {
    let mut placing = Placing::packed(frames, neighbours, order);
    for _ in 0..ROUNDS {
        (0..order.len()).for_each(|rank| placing.settle(rank, &[&neighbours.left]));
        (0..order.len()).rev().for_each(|rank| placing.settle(rank, &[&neighbours.right]));
    }
    (0..order.len()).for_each(|rank| placing.settle(rank, &[&neighbours.left, &neighbours.right]));
    placing.middle = frames.legal(order, &placing.middle);
    let mut boxes = frames.boxes(&placing.middle);
    for _ in 0..NUDGES {
        (0..order.len()).for_each(|rank| placing.nudge(rank, &boxes));
        placing.straighten(&boxes);
        boxes = frames.boxes(&placing.middle);
    }
    Placed { middle: placing.middle, boxes }
}

struct Placing<'a> {
    frames: &'a Frames<'a>,
    ranked: &'a Ranked,
    neighbours: &'a Neighbours,
    order: &'a [Vec<usize>],
    /// Where each vertex stands in its column.
    index: Vec<usize>,
    middle: Vec<f64>,
}

impl<'a> Placing<'a> {
    /// Starts with every column packed around 0.
    fn packed(frames: &'a Frames<'a>, neighbours: &'a Neighbours, order: &'a [Vec<usize>]) -> Self {
        let ranked = frames.ranked;
        let (mut middle, mut index) = (vec![0.0; ranked.vertices.len()], vec![0; ranked.vertices.len()]);
        for column in order {
            let offsets = offsets(frames, column);
            let half = offsets.last().copied().unwrap_or_default() / 2.0;
            for ((place, &at), offset) in column.iter().enumerate().zip(offsets) {
                (middle[at], index[at]) = (offset - half, place);
            }
        }
        Self { frames, ranked, neighbours, order, index, middle }
    }

    /// Returns where a vertex would like to be, and how much: bends are held straight.
    fn wanted(&self, at: usize, sides: &[&Vec<Vec<usize>>]) -> Option<(f64, f64)> {
        let bend = |at: usize| self.ranked.vertices[at].task.is_none();
        let (mut sum, mut weight) = (0.0, 0.0);
        for &other in sides.iter().flat_map(|side| &side[at]) {
            let pull = match (bend(at), bend(other)) {
                (true, true) => 8.0,
                (false, false) => 1.0,
                _ => 2.0,
            };
            sum += pull * self.middle[other];
            weight += pull;
        }
        (weight > 0.0).then(|| (sum / weight, weight))
    }

    /// Moves a column to where it would like to be, with the least sum of squares (isotonic regression, by pooling
    /// adjacent violators).
    fn settle(&mut self, rank: usize, sides: &[&Vec<Vec<usize>>]) {
        let column = &self.order[rank];
        let offsets = offsets(self.frames, column);
        let wanted = column.iter().zip(&offsets).map(|(&at, offset)| {
            let (wanted, weight) = self.wanted(at, sides).unwrap_or((self.middle[at], 0.05));
            (wanted - offset, weight)
        });
        let settled = pooled(wanted);
        for ((&at, offset), place) in column.iter().zip(offsets).zip(settled) {
            self.middle[at] = place + offset;
        }
    }

    /// Returns how far up and down a vertex may go while everything else stays.
    fn slack(&self, at: usize, boxes: &[(f64, f64)]) -> (f64, f64) {
        let column = &self.order[self.ranked.vertices[at].rank];
        let place = self.index[at];
        let above = place.checked_sub(1).map(|above| column[above]);
        let below = column.get(place + 1).copied();
        self.frames.slack(at, above, below, &self.middle, boxes)
    }

    fn nudge(&mut self, rank: usize, boxes: &[(f64, f64)]) {
        let sides = [&self.neighbours.left, &self.neighbours.right];
        for &at in &self.order[rank] {
            let (low, high) = self.slack(at, boxes);
            if let Some((wanted, _)) = self.wanted(at, &sides).filter(|_| low <= high) {
                self.middle[at] = wanted.clamp(low, high);
            }
        }
    }

    /// Puts the bends of one edge on one line, and the tasks at its ends if they have no other edge, where there is room.
    fn straighten(&mut self, boxes: &[(f64, f64)]) {
        let mut seen = vec![false; self.middle.len()];
        for start in 0..self.middle.len() {
            let line = if seen[start] { Vec::new() } else { self.line(start) };
            line.iter().for_each(|&at| seen[at] = true);
            if line.len() < 2 {
                continue;
            }
            let slacks = line.iter().map(|&at| self.slack(at, boxes));
            let (low, high) =
                slacks.fold((f64::MIN, f64::MAX), |(low, high), slack| (low.max(slack.0), high.min(slack.1)));
            let mean = line.iter().map(|&at| self.middle[at]).sum::<f64>() / line.len() as f64;
            if low <= high {
                line.iter().for_each(|&at| self.middle[at] = mean.clamp(low, high));
            }
        }
    }

    /// Returns the vertices that follow from `start`, each the only neighbour of the one before.
    fn line(&self, start: usize) -> Vec<usize> {
        let only = |all: &[usize]| if let [one] = all { Some(*one) } else { None };
        let next = |&at: &usize| {
            let right = only(&self.neighbours.right[at])?;
            only(&self.neighbours.left[right]).map(|_| right)
        };
        let begins = only(&self.neighbours.left[start]).and_then(|left| only(&self.neighbours.right[left])).is_none();
        if begins { std::iter::successors(Some(start), next).collect() } else { Vec::new() }
    }
}

/// Returns how far below the first each vertex of a column stands at least.
fn offsets(frames: &Frames<'_>, column: &[usize]) -> Vec<f64> {
    let mut offsets = Vec::with_capacity(column.len());
    let mut sum = 0.0;
    for (place, &at) in column.iter().enumerate() {
        if let Some(above) = place.checked_sub(1) {
            sum += frames.gaps(Some(column[above]), Some(at)).iter().map(|gap: &Gap| gap.least).sum::<f64>();
        }
        offsets.push(sum);
    }
    offsets
}

/// Returns the ascending values that are nearest to the wanted ones, each with its weight.
fn pooled(wanted: impl Iterator<Item = (f64, f64)>) -> Vec<f64> {
    // Sum of weighted values, sum of weights, how many.
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
    for (value, weight) in wanted {
        let mut block = (value * weight, weight, 1);
        while let Some(last) = blocks.pop_if(|last| last.0 / last.1 >= block.0 / block.1) {
            block = (last.0 + block.0, last.1 + block.1, last.2 + block.2);
        }
        blocks.push(block);
    }
    blocks.iter().flat_map(|(sum, weight, count)| std::iter::repeat_n(sum / weight, *count)).collect()
}
