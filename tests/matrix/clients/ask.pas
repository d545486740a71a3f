{ SPDX-License-Identifier: MIT }
{ ask ADDRESS: what ADDRESS says, by Free Pascal's sockets, whose system calls no library sees. }
program ask;

{$mode objfpc}{$H+}

uses
  ssockets, classes, sysutils;

var
  connection: TInetSocket;
  said: string;
  got: longint;
begin
  try
    connection := TInetSocket.Create(ParamStr(1), 23);
    SetLength(said, 256);
    repeat
      got := connection.Read(said[1], Length(said));
      if got > 0 then
        Write(Copy(said, 1, got));
    until got <= 0;
    connection.Free;
  except
    on error: Exception do begin
      WriteLn(StdErr, error.Message);
      Halt(1);
    end;
  end;
end.
