// Package head decides which output of a network has the class scores, and how
// the network ends. Whatever scores, trains, evaluates or counts classes asks
// it, so that all mean the same output.
//
// Class scores are floats of [batch, classes], or of [batch, classes, 1, …]: a
// value a class for every sample. [Find] takes the output that is so, wherever
// it stands; a label output, as scikit-learn's converters put it first, is
// passed over. Of several such outputs of one width the first is taken, as
// exporters put a main classifier before auxiliary ones, and of several widths
// the one that ends in a Softmax; else the output has to be named. [Head.Note]
// says what was chosen by rule.
//
// A single value a sample is the answer of two classes: the logit of the second
// one, or behind a Sigmoid its probability. Several values behind a Sigmoid are
// a yes or no each (multi-label), no distribution: [Distribution] refuses them.
//
// What is no class scores is refused with what it looks like: boxes or tokens,
// maps, values that belong to places of an image, labels, single numbers.
//
// What is not guaranteed: a regression, or an embedding, of [batch, n] cannot be
// told from logits of n classes.
package head
