package op

var hammingWindow = windowFunction("HammingWindow")
