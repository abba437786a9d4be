// Package report writes what one run found, or several that [Join] puts
// together: a page for people and the same numbers as JSON for programs.
//
// The caller fills a [Report] with what was measured. [Report.Complete]
// derives the rest (intervals, ratios, shares, the verdict sentence), and
// [Write] puts report.html and report.json side by side. The page only formats
// values of the struct: each figure in its text is marked up with the number
// it stands for, and that number is in the JSON, which is embedded in the page
// as well. Axis ticks are the one exception.
//
// The page is one file without scripts, fonts or images from elsewhere; its
// content security policy forbids loading any. It follows the reader's light
// or dark setting and prints. Sections without data are left out.
//
// Intervals of an accuracy are Wilson's score intervals for the number of test
// images (E. B. Wilson, 1927); those of a difference of two accuracies are
// Newcombe's hybrid score intervals (R. G. Newcombe, 1998, method 10), which
// take the two samples as independent and are therefore too wide, not too
// narrow, for two networks tested on the same images. Neither covers the
// variation between training runs: for that, run several seeds and give
// [Point.Values].
//
// Not guaranteed: the layout of the page. Programs read report.json, whose
// "schema" names its version.
package report
