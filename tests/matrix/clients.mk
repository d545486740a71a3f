# SPDX-License-Identifier: MIT
#
# The matrix's compiled clients, in $(B)/matrix-clients: make -k -f tests/matrix/clients.mk B=DIRECTORY.  What cannot be
# built is missing, and its row says so.

M = $(B)/matrix-clients
SOURCES = tests/matrix/clients
PLAIN = tests/clients/fetch.c tests/clients/lookup.c
CFLAGS = -O1 -w -I. -D_GNU_SOURCE

all: acting unable
acting: $(addprefix $(M)/,Ask.class label ask-rust fetch fetch-m32 fetch-musl)
unable: $(addprefix $(M)/,fetch-static fetch-static-pie ask-go-static ask-go-cgo ask-pascal)

$(M)/%.class: $(SOURCES)/%.java
	javac -d $(M) $<

# gSOAP: from the service's description to a program, with its own tools.
$(M)/gsoap/label.h: tests/matrix/label.wsdl
	mkdir -p $(@D)
	wsdl2h -c -o $@ $<
$(M)/gsoap/soapClient.c: $(M)/gsoap/label.h
	cd $(@D) && soapcpp2 -C -c -L -x -I/usr/share/gsoap/import label.h
$(M)/label: $(SOURCES)/label.c $(M)/gsoap/soapClient.c
	$(CC) -O1 -I$(M)/gsoap $$(pkg-config --cflags gsoapssl) -o $@ $^ $(M)/gsoap/soapC.c \
		$$(pkg-config --libs gsoapssl) -lssl -lcrypto -lz

$(M)/ask-rust: $(SOURCES)/ask.rs
	rustc -o $@ $<

$(M)/fetch: $(PLAIN)
	$(CC) $(CFLAGS) -o $@ $^
$(M)/fetch-m32: $(PLAIN)
	$(CC) -m32 $(CFLAGS) -o $@ $^
$(M)/fetch-musl: $(PLAIN)
	musl-gcc $(CFLAGS) -o $@ $^
$(M)/fetch-static: $(PLAIN)
	$(CC) -static $(CFLAGS) -o $@ $^
$(M)/fetch-static-pie: $(PLAIN)
	$(CC) -static-pie -fPIE $(CFLAGS) -o $@ $^

# Go looks for its caches where HOME is.
GO = HOME=$(M)/go GO111MODULE=off GOFLAGS= go build
$(M)/ask-go-static: $(SOURCES)/ask.go
	CGO_ENABLED=0 $(GO) -o $@ $<
$(M)/ask-go-cgo: $(SOURCES)/ask.go
	CGO_ENABLED=1 $(GO) -tags netcgo -o $@ $<

$(M)/ask-pascal: $(SOURCES)/ask.pas
	mkdir -p $(M)/pascal
	fpc -v0 -FU$(M)/pascal -o$@ $<

$(shell mkdir -p $(M))
.PHONY: all acting unable
.DELETE_ON_ERROR:
