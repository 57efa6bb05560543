//! The plans that a batch needs, each read from the image once.

use std::cell::OnceCell;

use super::EvaluateFault;
use crate::image::{Image, NONE, Plan};

/// The plans of an image, read when first asked for.
pub(super) struct Plans<'i, 'a> {
    image: &'i Image<'a>,
    /// Boxed, so that a plan that nobody asks for costs a pointer.
    read: Vec<OnceCell<Box<Plan<'a>>>>,
}

impl<'i, 'a> Plans<'i, 'a> {
    pub(super) fn new(image: &'i Image<'a>) -> Self {
        let plans = image.plan_offsets.iter().len().saturating_sub(1);
        Self { image, read: std::iter::repeat_with(OnceCell::new).take(plans).collect() }
    }

    /// The segment that holds `day`, when the policy is in force on it.
    pub(super) fn segment(&self, day: i32) -> Option<u32> {
        // Few segments, and most work is recent: looked for from the last.
        let segment = self.image.segments.iter().rposition(|first| first.cast_signed() <= day)?;
        let in_force = self.image.in_force.get(segment).copied();
        in_force.filter(|in_force| *in_force == 1).and_then(|_| u32::try_from(segment).ok())
    }

    /// The plan of `code` in `segment`; `None` where the policy does not answer with the code.
    pub(super) fn find(&self, segment: u32, code: u32) -> Result<Option<&Plan<'a>>, EvaluateFault> {
        if code >= self.image.codes {
            return Ok(None);
        }
        let entry = segment.checked_mul(self.image.codes).and_then(|first| first.checked_add(code));
        match entry.and_then(|entry| self.image.plan_of.get(entry)).unwrap_or(NONE) {
            NONE => Ok(None),
            position => self.read(position).map(Some),
        }
    }

    /// The first code of a kind of work, in the order of the manifest, whose plan is as asked.
    pub(super) fn find_by_service(
        &self,
        segment: u32,
        service: u32,
        mut suits: impl FnMut(u32, &Plan<'_>) -> bool,
    ) -> Result<Option<(u32, &Plan<'a>)>, EvaluateFault> {
        for code in 0..self.image.codes {
            if let Some(plan) = self.find(segment, code)?.filter(|plan| plan.service == service)
                && suits(code, plan)
            {
                return Ok(Some((code, plan)));
            }
        }
        Ok(None)
    }

    fn read(&self, position: u32) -> Result<&Plan<'a>, EvaluateFault> {
        let slot = usize::try_from(position).ok().and_then(|position| self.read.get(position));
        let slot = slot.ok_or(EvaluateFault::Image)?;
        if let Some(plan) = slot.get() {
            return Ok(plan);
        }
        let plan = Box::new(self.image.plan(position).map_err(|_| EvaluateFault::Image)?);
        Ok(slot.get_or_init(|| plan))
    }
}
