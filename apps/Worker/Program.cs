using System.CommandLine;
using Millrace.Worker.Commands;

var program = new RootCommand("Millrace: one process that drains every queue.")
{
    DemoCommand.Create(),
    RunCommand.Create(),
};
return await CommandLine.InvokeAsync(program, args, Console.Error);
