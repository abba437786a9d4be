package pruning_test

// attentive are the compositions of transformers.
var attentive = []composition{}
