// Package page serves a page on which people label a batch: one sample at a time, by the
// keyboard, each answer on disk before the next sample is shown.
//
// The page is one embedded file that loads nothing else but the images of the batch. It is
// meant for one machine: [Guard] lets nobody in who does not have the token of the address,
// who came by another host name, or from another page. No path of a request reaches the
// file system: images are known by their place in the batch.
//
// Answers are in [AnswersFile] in the folder of answers, an object a line, in the form
// that package labelling reads. Not guaranteed: two servers on one folder, which is
// refused where the file system has locks.
package page
