using System.Diagnostics;

namespace Apps.Tests.Docs;

/// <summary>What the README shows is what the repository holds, and it runs.</summary>
public sealed class ReadmeTests
{
    private static readonly string Root = Path.Combine(AppContext.BaseDirectory, "docs");

    [Fact]
    public void The_worker_in_the_README_is_the_sample()
    {
        var sample = File.ReadAllText(Path.Combine(Root, "HelloWorker.cs")).Trim();
        Assert.Contains($"```csharp\n{sample}\n```", File.ReadAllText(Path.Combine(Root, "README.md")), StringComparison.Ordinal);
        Assert.InRange(sample.Split('\n').Length, 10, 25);
    }

    [Fact]
    public async Task The_sample_greets_everybody_on_the_second_attempt()
    {
        var directory = Directory.CreateTempSubdirectory("millrace-sample-");
        var built = new DirectoryInfo(AppContext.BaseDirectory);
        var sample = Path.Combine(built.Parent!.Parent!.FullName, "HelloWorker", built.Name, "HelloWorker.dll");
        var start = new ProcessStartInfo("dotnet", [sample, "Ada", "Grace"])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = directory.FullName,
        };
        using var child = Process.Start(start)!;
        try
        {
            var greeted = new List<string>();
            while (greeted.Count < 2 && await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
                if (line.StartsWith("Hello, ", StringComparison.Ordinal))
                    greeted.Add(line);
            Assert.Equal(["Hello, Ada, on attempt 2!", "Hello, Grace, on attempt 2!"], greeted.Order());
        }
        finally
        {
            child.Kill();
            await child.WaitForExitAsync(CancellationToken.None);
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void Every_link_in_the_docs_leads_somewhere()
    {
        var broken = from file in Directory.EnumerateFiles(Root, "*.md", SearchOption.AllDirectories)
                     from link in System.Text.RegularExpressions.Regex.Matches(File.ReadAllText(file), @"\]\((?!http|#)([^)#]+)").Select(match => match.Groups[1].Value)
                     let target = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, link))
                     where target.EndsWith(".md", StringComparison.Ordinal) && !File.Exists(target)
                     select $"{Path.GetRelativePath(Root, file)} -> {link}";
        Assert.Empty(broken);
    }
}
