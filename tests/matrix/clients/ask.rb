# SPDX-License-Identifier: MIT
# ask.rb HOW HOST: what HOST says, by Net::HTTP or Socket.tcp.
require "net/http"
require "socket"

how, host = ARGV
puts how == "Net::HTTP" ? Net::HTTP.get(host, "/") : Socket.tcp(host, 23, &:read)
