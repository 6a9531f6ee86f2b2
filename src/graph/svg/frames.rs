//! What keeps things apart: heights, gaps, and the frames of groups, as differences that places must have.

use super::ranks::Ranked;

/// Between a frame and what is in it.
pub(super) const PAD: f64 = 12.0;

/// What a frame's title takes.
pub(super) const TITLE: f64 = 16.0;

/// Between two tasks, one of them or both perhaps in a frame.
const GAP: f64 = 16.0;

/// Beside a bend.
const BEND_GAP: f64 = 11.0;

/// How high a task is.
pub(super) const TASK: f64 = 42.0;

/// Two things of which the second stands so much lower at least.
pub(super) struct Gap {
    from: usize,
    to: usize,
    /// Pixels.
    pub(super) least: f64,
}

/// Vertices are numbered as they are; behind them come the tops of groups, and then their bottoms.
pub(super) struct Frames<'a> {
    /// What stands in the columns.
    pub(super) ranked: &'a Ranked,
    /// The groups around each vertex, the outermost first.
    pub(super) paths: &'a [Vec<usize>],
}

impl Frames<'_> {
    fn vertices(&self) -> usize {
        self.ranked.vertices.len()
    }

    fn groups(&self) -> usize {
        self.ranked.spans.len()
    }

    fn top(&self, group: usize) -> usize {
        self.vertices() + group
    }

    fn bottom(&self, group: usize) -> usize {
        self.vertices() + self.groups() + group
    }

    fn half(&self, thing: usize) -> f64 {
        let task = self.ranked.vertices.get(thing).is_some_and(|vertex| vertex.task.is_some());
        if task { TASK / 2.0 } else { 0.0 }
    }

    /// Returns what must lie between two neighbours in a column, or between one and the column's end.
    pub(super) fn gaps(&self, above: Option<usize>, below: Option<usize>) -> Vec<Gap> {
        let path = |at: Option<usize>| at.map_or(&[][..], |at| &self.paths[at]);
        let (left, entered) = (path(above), path(below));
        let common = left.iter().zip(entered).take_while(|(a, b)| a == b).count();
        let bottoms = left[common..].iter().rev().map(|&group| self.bottom(group));
        let tops = entered[common..].iter().map(|&group| self.top(group));
        let things: Vec<usize> = above.into_iter().chain(bottoms).chain(tops).chain(below).collect();
        things.windows(2).map(|pair| self.gap(pair[0], pair[1])).collect()
    }

    fn gap(&self, from: usize, to: usize) -> Gap {
        let bend = |thing: usize| self.ranked.vertices.get(thing).is_some_and(|vertex| vertex.task.is_none());
        let is_top = |thing: usize| thing >= self.vertices() && thing < self.bottom(0);
        let between = match () {
            () if is_top(from) => PAD + TITLE,
            () if to >= self.bottom(0) => PAD,
            () if bend(from) || bend(to) => BEND_GAP,
            () => GAP,
        };
        Gap { from, to, least: between + self.half(from) + self.half(to) }
    }

    /// Returns places near the given ones that keep all gaps: the mean of pushing everything down and everything up, since
    /// the mean of two solutions of differences is one.
    pub(super) fn legal(&self, order: &[Vec<usize>], wanted: &[f64]) -> Vec<f64> {
        if self.groups() == 0 {
            return wanted.to_vec();
        }
        let gaps = self.sorted(order);
        let with = |missing: f64| [wanted, &vec![missing; 2 * self.groups()]].concat();
        let (mut down, mut up) = (with(f64::NEG_INFINITY), with(f64::INFINITY));
        for gap in &gaps {
            down[gap.to] = down[gap.to].max(down[gap.from] + gap.least);
        }
        for gap in gaps.iter().rev() {
            up[gap.from] = up[gap.from].min(up[gap.to] - gap.least);
        }
        down.iter().zip(&up).take(self.vertices()).map(|(down, up)| f64::midpoint(*down, *up)).collect()
    }

    /// Returns all gaps, each behind those that end where it begins.
    fn sorted(&self, order: &[Vec<usize>]) -> Vec<Gap> {
        let mut leaving: Vec<Vec<Gap>> = (0..self.vertices() + 2 * self.groups()).map(|_| Vec::new()).collect();
        let mut entering = vec![0; leaving.len()];
        for column in order {
            let above = std::iter::once(None).chain(column.iter().copied().map(Some));
            let below = column.iter().copied().map(Some).chain(std::iter::once(None));
            for gap in above.zip(below).flat_map(|(above, below)| self.gaps(above, below)) {
                entering[gap.to] += 1;
                leaving[gap.from].push(gap);
            }
        }
        let mut ready: Vec<usize> = (0..leaving.len()).filter(|&thing| entering[thing] == 0).collect();
        let mut sorted = Vec::new();
        while let Some(thing) = ready.pop() {
            for gap in std::mem::take(&mut leaving[thing]) {
                entering[gap.to] -= 1;
                if entering[gap.to] == 0 {
                    ready.push(gap.to);
                }
                sorted.push(gap);
            }
        }
        sorted
    }

    /// Returns top and bottom of each group as its tasks and bends have it.
    pub(super) fn boxes(&self, middle: &[f64]) -> Vec<(f64, f64)> {
        let mut boxes = vec![(f64::INFINITY, f64::NEG_INFINITY); self.groups()];
        for (at, path) in self.paths.iter().enumerate() {
            let half = self.half(at);
            for (inner, &group) in path.iter().rev().enumerate() {
                let frames = inner as f64;
                let top = middle[at] - half - PAD - TITLE - frames * (PAD + TITLE);
                let bottom = middle[at] + half + PAD + frames * PAD;
                boxes[group] = (boxes[group].0.min(top), boxes[group].1.max(bottom));
            }
        }
        boxes
    }

    /// Returns how far up and down a vertex may go between its neighbours in the column, inside its frame.
    pub(super) fn slack(
        &self,
        at: usize,
        above: Option<usize>,
        below: Option<usize>,
        middle: &[f64],
        boxes: &[(f64, f64)],
    ) -> (f64, f64) {
        let place = |thing: usize| match thing.checked_sub(self.vertices()) {
            None => middle[thing],
            Some(group) if group < self.groups() => boxes[group].0,
            Some(group) => boxes[group - self.groups()].1,
        };
        let low = self.gaps(above, Some(at)).pop();
        let high = self.gaps(Some(at), below).into_iter().next();
        let low = low.map_or(f64::MIN, |gap| place(gap.from) + gap.least);
        let high = high.map_or(f64::MAX, |gap| place(gap.to) - gap.least);
        let inner = self.paths[at].last().map(|&group| boxes[group]);
        let (top, bottom) = inner.unwrap_or((f64::MIN, f64::MAX));
        (low.max(top + PAD + TITLE + self.half(at)), high.min(bottom - PAD - self.half(at)))
    }
}
