package op

var blackmanWindow = windowFunction("BlackmanWindow")
